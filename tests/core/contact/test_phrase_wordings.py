"""Wordings of one request, by staff and students, in English and Spanish: to go on at the school account."""

from __future__ import annotations

from gateway.core.contact.phrases import moves_to_school_account

MOVES = """
Let's move this to school email.
Let's move this conversation over to my school account.
Can we keep this on the district account going forward?
Moving forward please use my school email.
In the future, email my school address.
For next time: school email please.
I'd prefer you email me at school.
Please send school stuff to my school email.
Pls use school email
school email pls
Use my school email plz
Hey could you email me through school instead? This is my personal cell.
I need you to email me at my school address.
I have to keep communication with students on school accounts.
We need to keep communication on the district platform.
Teachers have to use district email with students so write me there.
I'm supposed to only talk to students through school email.
All messages need to go through school email.
Any questions should go to my school account.
Questions about class go to my school email, thanks.
Let's continue this conversation on our school accounts.
Let's carry on over school email.
Let's pick this up on school email.
Let us continue in Google Classroom.
Message me in Google Classroom instead.
Send me a message on Canvas instead of texting please.
Post your question in Canvas please, not here.
DM me on Remind instead
Talk to me on Remind please, that's the approved app.
I'll reply from my school account.
I'll answer you from my work email in a minute.
I'm going to respond from my district email.
Replying from my school email now.
Just emailed you from my school account, let's continue there.
I just sent you an email from my school account. Please answer there.
Check your school email, I wrote you there.
Check your school email, I'll write you there.
Look in your school inbox, I'll answer there.
Can you email me at my .k12 address instead?
Please use my official email.
Please reach out through official channels.
Please use the proper school channels.
Let's stick with the school's email system.
We should be talking on the school account, not here.
We shouldn't be texting, email me at school.
I shouldn't be texting you. Email my school account.
Texting isn't allowed, please email my school account.
I can't respond here. School email please.
Not allowed to text students, sorry! School email works.
School email works better for me.
School email is best.
My school email is the best way to reach me.
The best way to reach me is my school email.
Reach me on my school email.
You can reach me on my school account.
You can always email me at my school address.
Feel free to write my school email.
Kindly contact me via my school email.
Would you mind using my school email?
Do you mind emailing my school account instead?
Mind switching to school email?
ok switching to school email
going to school email
ok sending it to your school email
I'll email you at school
I will send it to your school address Mr. Lindgren
sorry for texting, ill email your school account
My mom says I should use your school email
should I use your school email?
can i write you on the school account instead
Is it ok if I email your school account?
Would it be better to use school email?
Can we talk on Teams instead?
Let's use Teams instead.
Please use ParentSquare to message me.
I only answer on ParentSquare.
Let's take it to Schoology messages.
I'd like to keep this on the school's platform.
Policy says we have to use school accounts, so please email me there.
District policy: school email only.
School email only, please.
Only school email from now on.
From now on only the school email.
Please delete this number and use my school email.
This is a private number, so please only use my school email.
Don't text this number, email me at my school account.
please don't use this number anymore, use my school email
Stop texting this number please, use my school email.
no more texts please, school email only
Write me back at school.
Email me back at my school address.
Shoot me an email at my school address.
Drop me a line at my school email.
Send an email to my work address.
Send that to my work email.
Put it in an email to my school account.
Forward it to my school email.
Resend it to my school email please.
cc my school email
Take this to the school account please.
Bring this over to the school email.
This belongs on the school account.
This conversation belongs on school email.
This should be on school email.
This needs to be on school email.
We'll finish this on school email.
To be continued on the school account!
See you on the school account
talk to you on school email
I'll be on the school account
Please go through the school office email.
I'm only available on my school account.
Escríbeme al correo de la escuela.
Escríbame al correo escolar por favor.
Por favor usa mi correo de la escuela
Mejor por el correo de la escuela
Mejor en el correo escolar
Manda tu pregunta a mi correo escolar
Mándame un correo a mi cuenta de la escuela
Envíalo a mi correo institucional
Envíamelo al correo del distrito
Te contesto por el correo de la escuela
Te respondo desde mi cuenta escolar
Le respondo por el correo del trabajo
Vamos a seguir por el correo de la escuela
Sigamos en la cuenta del distrito
Seguimos en el correo escolar
Continuemos por la plataforma de la escuela
Pasemos al correo de la escuela
Cambiemos al correo escolar
Hablemos por Classroom mejor
Usemos Google Classroom mejor
Escríbeme por ParentSquare por favor
No puedo textear con estudiantes, usa el correo de la escuela
No debo escribirte por aquí, usa la cuenta escolar
No tengo permitido escribir a alumnos por WhatsApp
Solo puedo contestar por el correo escolar
Solo contesto en el correo de la escuela
De ahora en adelante usa mi correo escolar
A partir de hoy escríbeme al correo de la escuela
La próxima vez escríbeme al correo escolar
Este es mi número personal, mejor usa el correo de la escuela
No uses este número, escríbeme al correo de la escuela
Ya no me escribas aquí, usa el correo de la escuela
¿Te puedo escribir al correo de la escuela?
¿Puedo mandarlo a su correo escolar?
¿Le escribo al correo de la escuela?
maestra mejor le escribo a su correo de la escuela
se lo mando al correo escolar
lo mando por classroom
Necesito que me escribas al correo institucional
Tienes que escribirme por el correo escolar
Hay que usar el correo de la escuela
Contáctame por el correo oficial
Comunícate conmigo por el correo de la escuela
Revisa tu correo de la escuela, ahí te contesto
Te escribí a tu correo escolar, contéstame ahí
Prefiero que me escribas al correo de la escuela
Es mejor el correo de la escuela
El correo escolar es mejor
Nos hablamos por el correo de la escuela
Quedamos en el correo escolar entonces
""".strip().splitlines()
STAYS = """
The school account was hacked last year.
My school account password expired
I forgot my school email password
Did you get the school email about the fee?
The school emailed everyone about the trip.
I got your school email yesterday thanks
Your school email bounced, so text me
don't send it to my school account
lets not use the school email
I deleted my school account
text me here instead of school email
this number is better than the school email
School email is too slow so text me
My parents see my school account so write here
Can you reset my school account please?
Please bring the school phone back to the office.
The school platform is down.
Please log into your school account and do the quiz.
Use your school account to sign in to the test.
Turn in the essay in Google Classroom please.
Post your essay in Canvas by Friday.
Remind me to send the form.
The teams are posted.
Canvas shoes are not allowed
Your school ID number is on the card.
mi correo de la escuela no sirve, escríbeme aquí
no uses el correo de la escuela
perdí la contraseña del correo de la escuela
el correo de la escuela lo leen
entra a classroom y haz la tarea
sube la tarea a classroom por favor
Please use my school email for homework. For anything else text me.
Email my school account for class stuff. Text me on my cell about the party.
For homework use school email please. Add me on snap for the rest
""".strip().splitlines()


def test_every_usual_wording_is_recognized() -> None:
    assert [text for text in MOVES if not moves_to_school_account(text)] == []
    assert [text for text in MOVES if not moves_to_school_account(f"ok. {text.lower()} thanks!")] == []


def test_talk_about_school_accounts_is_no_move() -> None:
    assert [text for text in STAYS if moves_to_school_account(text)] == []
