"""Sentences by staff and students, in English and Spanish, in wordings that no list of the product was made for."""

SENTENCES = (
    "I want to kill myself before the weekend", "Wear the blue dress for me again",
    "We can drink beer in my truck after practice", "Her father broke two of her ribs last night",
    "Bring cash and the pills on Friday morning", "Your body drives me crazy every single day",
    "The coach grabbed me in the shower yesterday", "Leave the window open after midnight tonight",
    "There is a gun in his locker right now", "Swear you will not show this to your mother",
    "I cannot eat because there is no food at home", "He touched me under the table during lunch",
    "Send me another picture without your shirt", "My uncle comes into my room when they sleep",
    "I took all the pills and I am so tired", "Delete these messages before anyone sees them",
    "Nobody has to know what happened in the car", "Quédate conmigo después de clase a solas",
    "Mi tío entra en mi cuarto cuando duermo", "Trae el dinero y las pastillas el viernes",
    "Ponte la falda corta para mí el viernes", "Ya no aguanto vivir en esta casa ni un día más",
)  # fmt: skip
