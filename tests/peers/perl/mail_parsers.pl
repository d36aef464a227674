#!/usr/bin/perl
# Reads mails from standard input and prints what a parser shows of each.
# Usage: mail_parsers.pl Email::MIME|MIME::Parser. A mail is its length in four bytes, big-endian, and its bytes.
# The answer is a line of JSON: {"text": [...], "html": [...]}.
use strict;
use warnings;
use Encode ();
use JSON::PP ();

binmode STDIN;
binmode STDOUT;
$| = 1;
no warnings;
my $name = shift;
eval "require $name; 1" or die $@;
my $json = JSON::PP->new->ascii;

sub characters {
    my ($bytes, $charset) = @_;
    my $codec = Encode::find_encoding($charset || 'utf-8') || Encode::find_encoding('utf-8');
    return eval { $codec->decode($bytes, Encode::FB_DEFAULT()) } // $bytes;
}

sub with_email_mime {
    my ($content, $shown) = @_;
    my $mail = Email::MIME->new($content);
    push @{ $shown->{text} }, grep { defined } map { eval { $mail->header_str($_) } } qw(Subject From To);
    $mail->walk_parts(sub {
        my ($part) = @_;
        return if $part->subparts;
        my $type = $part->content_type // 'text/plain';
        return unless $type =~ m{^\s*(text|message)/}i && $type !~ m{rfc822}i;
        my $text = eval { $part->body_str };
        $text = characters(eval { $part->body } // '', '') unless length $text;
        push @{ $shown->{ $type =~ m{text/html}i ? 'html' : 'text' } }, $text;
    });
}

sub with_mime_parser {
    my ($content, $shown) = @_;
    my $parser = MIME::Parser->new;
    $parser->output_to_core(1);
    $parser->tmp_to_core(1);
    $parser->extract_nested_messages(1);
    my $mail = $parser->parse_data($content);
    push @{ $shown->{text} }, grep { defined } $mail->head->get('Subject');
    my @left = ($mail);
    while (my $part = shift @left) {
        push @{ $shown->{text} }, join '', @{ $part->preamble || [] } if $part->parts;
        push @{ $shown->{text} }, join '', @{ $part->epilogue || [] } if $part->parts;
        push @left, $part->parts;
        next if $part->parts || !$part->bodyhandle || $part->mime_type !~ m{^(text|message)/};
        my $text = characters($part->bodyhandle->as_string, $part->head->mime_attr('content-type.charset'));
        push @{ $shown->{ $part->mime_type eq 'text/html' ? 'html' : 'text' } }, $text;
    }
}

while (read(STDIN, my $size, 4) == 4) {
    read STDIN, my $content, unpack 'N', $size;
    my $shown = { text => [], html => [] };
    eval { $name eq 'Email::MIME' ? with_email_mime($content, $shown) : with_mime_parser($content, $shown) };
    print $json->encode($shown), "\n";
}
