//! German, for a device that has no browser.

use crate::http::words::{Around, Connect};

pub(super) const DEVICE: Connect = Connect {
    title: "Gerät verbinden",
    lead: "Geben Sie den Code ein, den Ihr Gerät anzeigt.",
    code: "Code",
    hint: "Acht Buchstaben. Kleinbuchstaben und Leerzeichen sind in Ordnung.",
    only_yours: "Geben Sie nur einen Code ein, den Sie auf Ihrem eigenen Gerät sehen.",
    wrong: "Diesen Code gibt es nicht. Vergleichen Sie ihn Buchstabe für Buchstabe mit Ihrem Gerät.",
    over_title: "Dieser Code gilt nicht mehr",
    over: "Der Code ist abgelaufen oder wurde schon beantwortet. Holen Sie sich auf Ihrem Gerät einen neuen.",
    again: "Anderen Code eingeben",
    question: Around("Darf ", " auf Ihrem Gerät fortfahren?"),
    only_if: "Fahren Sie nur fort, wenn Sie das selbst begonnen haben.",
    why: "Wer Ihnen einen eigenen Code zeigt oder schickt, käme sonst in Ihr Konto.",
    device: "Anfrage von",
    asked: "Angefragt",
    allowed: "Erlaubt",
    back: "Sie können zu Ihrem Gerät zurückkehren.",
    refused: "Abgelehnt",
    nothing: "Das Gerät bekommt nichts. Sie können diese Seite schließen.",
};
