//! German, in the formal address.

mod account;
mod device;

use super::{Around, Errors, Frame, Login, Moment, Way, Words};

/// German.
pub static WORDS: Words = Words {
    tag: "de",
    dir: "ltr",
    name: "Deutsch",
    frame: Frame {
        language: "Sprache",
        change: "Ändern",
        secured_by: "Gesichert durch Realmkeep",
        privacy: "Datenschutz",
        terms: "Nutzungsbedingungen",
        cancel: "Abbrechen",
        skip: "Zum Inhalt springen",
        error: |title| format!("Fehler: {title}"),
        at: |at| format!("am {} um {} Uhr (UTC)", day(at), at.clock()),
        date: |at| format!("{}, {} Uhr (UTC)", day(at), at.clock()),
    },
    login: Login {
        title: "Anmelden",
        to_go_on: Around("um mit ", " fortzufahren"),
        username: "Benutzername",
        password: "Passwort",
        show_password: "Passwort anzeigen",
        forgot: "Passwort vergessen?",
        remember: "Auf diesem Gerät angemeldet bleiben",
        trouble: "Probleme bei der Anmeldung?",
        help: "Hilfe erhalten",
        wrong: "Benutzername oder Passwort ist falsch.",
        disabled: "Dieses Konto ist gesperrt. Wenden Sie sich an Ihre Administration.",
        blocked: "Die Anmeldung ist gesperrt, bis Ihre Administration die Sperre aufhebt.",
        blocked_until: |date| {
            format!(
                "Die Anmeldung ist gesperrt bis zum {date}. Wenden Sie sich an Ihre Administration."
            )
        },
        busy: "Im Moment melden sich sehr viele Personen an. Versuchen Sie es in einigen Sekunden erneut.",
        wait: |secs| match secs {
            1 => "Zu viele Versuche. Versuchen Sie es in 1 Sekunde erneut.".to_owned(),
            secs => format!("Zu viele Versuche. Versuchen Sie es in {secs} Sekunden erneut."),
        },
        other_address: "Sie sind unter einer anderen Adresse angemeldet, und hier ist nur eine zur selben Zeit erlaubt. Melden Sie sich dort ab oder bitten Sie Ihre Administration darum, und melden Sie sich dann hier an.",
        at_limit: |limit| {
            match limit {
            1 => "Sie sind bereits an einem Ort angemeldet; mehr sind hier nicht erlaubt. Melden Sie sich dort ab, und melden Sie sich dann hier an.".to_owned(),
            limit => format!("Sie sind bereits an {limit} Orten angemeldet; mehr sind hier nicht erlaubt. Melden Sie sich an einem davon ab, und melden Sie sich dann hier an."),
        }
        },
        cut_by_admin: |at| format!("Die Administration hat Sie {at} abgemeldet."),
        cut_by_organisation: |at| format!("Ihre Organisation hat Sie {at} abgemeldet."),
        cut_by_limit: |at| {
            format!(
                "Sie wurden hier {at} abgemeldet, weil nicht mehr Anmeldungen zur selben Zeit erlaubt sind."
            )
        },
        cut_by_address: |at| {
            format!(
                "Sie wurden {at} abgemeldet: Diese Sitzung wurde unter einer anderen Adresse benutzt als der, unter der sie begann. Wenn Sie das nicht waren, ändern Sie Ihr Passwort."
            )
        },
    },
    way: Way {
        consent_title: "Zugriff erlauben",
        consent_question: Around("Darf ", " fortfahren?"),
        signed_in_as: Around("Sie sind angemeldet als ", ""),
        asks_for: "Die Anwendung möchte:",
        scope: |scope| {
            Some(match scope {
                "openid" => ("Wissen, wer Sie sind", ""),
                "profile" => (
                    "Ihr Profil sehen",
                    "Name, Benutzername, Sprache und Ähnliches",
                ),
                "email" => ("Ihre E-Mail-Adresse sehen", ""),
                "phone" => ("Ihre Telefonnummer sehen", ""),
                "address" => ("Ihre Postanschrift sehen", ""),
                "roles" => ("Ihre Rollen sehen", ""),
                "offline_access" => (
                    "Weiterarbeiten, während Sie abwesend sind",
                    "Bis Sie oder Ihre Administration Sie überall abmelden",
                ),
                _ => return None,
            })
        },
        allow: "Erlauben",
        deny: "Nicht erlauben",
        answer_to: Around("Die Antwort geht an ", "."),
        removable: "Sie können dies in Ihrem Konto zurücknehmen.",
        sign_out_question: |realm| format!("Von {realm} abmelden?"),
        asks_to_sign_out: Around("", " möchte Sie abmelden."),
        will_be_told: "Diese Anwendungen werden benachrichtigt:",
        sign_out: "Abmelden",
        stay: "Angemeldet bleiben",
        signed_out: "Sie sind abgemeldet",
        of_realm: |realm| format!("von {realm} auf diesem Gerät."),
        being_told: "Diese Anwendungen werden gerade benachrichtigt:",
        by_browser: "Diese Anwendungen benachrichtigt Ihr Browser, so gut er kann:",
        best_effort: "Ohne Gewähr. Wenn Sie dort noch angemeldet sind, melden Sie sich auch dort ab.",
        leaving: |app| format!("Abmeldung von {app}"),
        go_on: "Weiter",
        back_to: |app| format!("Zurück zu {app}"),
        again: "Erneut anmelden",
        signed_in: "Angemeldet",
        you_are_in: "Sie sind angemeldet",
        open_any: "Öffnen Sie eine beliebige Anwendung, um weiterzuarbeiten.",
        taking_to: Around("Sie werden zu ", " weitergeleitet"),
        go_on_to: |app| format!("Weiter zu {app}"),
        form_question: Around("Weiter zu ", ""),
        form_text: "Die Anwendung möchte ihre Antwort als Formular. Senden Sie es mit der Schaltfläche ab.",
        choose_title: "Wählen, was beendet wird",
        choose_heading: "Anderswo angemeldet",
        choose_text: |realm, limit, need| {
            let limit = if limit == 1 {
                "eine Sitzung".to_owned()
            } else {
                format!("{limit} Sitzungen")
            };
            let need = if need == 1 {
                "einer davon".to_owned()
            } else {
                format!("{need} davon")
            };
            format!(
                "{realm} erlaubt {limit} zur selben Zeit. Melden Sie sich von {need} ab, um hier fortzufahren."
            )
        },
        choose_where: "Wo Sie angemeldet sind",
        choose_submit: "Dort abmelden und fortfahren",
        choose_help: "Wenn Sie eine davon nicht kennen, melden Sie sich dort ab und ändern Sie Ihr Passwort.",
        choose_more: "Das reicht noch nicht.",
        select_title: "Konto auswählen",
        select_same: |name| format!("Weiter als {name}"),
        select_other: "Anderes Konto verwenden",
        select_note: "In diesem Browser tritt ein anderes Konto an die Stelle des jetzigen.",
    },
    errors: Errors {
        error: "Fehler",
        request: "Anfrage",
        tell: "Wenn das wieder vorkommt, nennen Sie Ihrer Administration die Anfrage oben.",
        try_again: "Erneut versuchen",
        link_title: "Dieser Link funktioniert nicht",
        malformed: |why| format!("Die Anfrage ist nicht richtig aufgebaut: {why}."),
        unknown_app: "Die Anwendung, von der Sie kommen, ist nicht bekannt. Ihre Administration muss sie zuerst registrieren.",
        unregistered: "Die Adresse, zu der die Anwendung zurückkehren möchte, hat sie nicht registriert. Gehen Sie zur Anwendung zurück oder informieren Sie deren Administration.",
        no_redirect: "Die Anwendung hat nicht angegeben, wohin sie zurückkehren möchte (redirect_uri).",
        no_answer: "Das Formular sagt weder Ja noch Nein.",
        foreign_page: "Die Seite, zu der es weitergehen soll, gehört nicht zu diesem Server.",
        over_title: "Diese Anmeldung ist vorbei",
        over: "Diese Anmeldung ist abgeschlossen, zu alt oder wurde in einem anderen Browser begonnen. Gehen Sie zur Anwendung zurück und beginnen Sie von vorn.",
        form_title: "Dieses Formular ist nicht mehr gültig",
        form: "Die Seite war zu lange geöffnet, wurde von einer anderen Website gesendet, oder der Browser speichert keine Cookies.",
        broken_title: "Etwas ist schiefgegangen",
        broken: "Der Server konnte die Anfrage nicht ausführen. Versuchen Sie es erneut; wenn es dabei bleibt, wenden Sie sich an Ihre Administration.",
        nowhere_title: "Hier ist nichts",
        nowhere: "Diesen Bereich gibt es auf diesem Server nicht. Prüfen Sie die Adresse oder fragen Sie, von wem Sie sie haben.",
        off_title: "Das ist abgeschaltet",
        realm_off: "Hier kann sich zurzeit niemand anmelden. Wenden Sie sich an Ihre Administration.",
        app_off: "Die Anwendung, von der Sie kommen, ist zurzeit abgeschaltet. Wenden Sie sich an Ihre Administration.",
        account_off: "Kontoseiten gibt es hier nicht. Wenden Sie sich an Ihre Administration.",
        not_yours_title: "Diese Anmeldung gibt es nicht",
        not_yours: "Sie ist schon beendet, oder sie ist nicht Ihre.",
        wait_title: "Einen Moment",
        no_room: "Der Speicher des Servers ist fast voll: Solange kein Platz ist, kann sich niemand anmelden. Bitte informieren Sie, wer ihn betreibt.",
        in_doubt: "Der Server hat kurz seine Datenbank verloren und kann nicht sagen, ob dies ausgeführt wurde. Versuchen Sie es gleich noch einmal.",
        busy: "Der Server ist ausgelastet; es wurde nichts geändert. Versuchen Sie es gleich noch einmal.",
    },
    device: device::DEVICE,
    account: account::ACCOUNT,
    acts: account::ACTS,
    mine: account::MINE,
};

fn day(at: Moment) -> String {
    const MONTHS: [&str; 12] = [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ];
    format!("{}. {} {}", at.day, at.month_of(&MONTHS), at.year)
}
