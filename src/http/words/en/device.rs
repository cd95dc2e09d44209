//! English, for a device that has no browser.

use crate::http::words::{Around, Connect};

pub(super) const DEVICE: Connect = Connect {
    title: "Connect a device",
    lead: "Enter the code that your device shows.",
    code: "Code",
    hint: "Eight letters. Small letters and spaces are fine.",
    only_yours: "Only enter a code that you see on a device of your own.",
    wrong: "There is no such code. Compare it with your device, letter by letter.",
    over_title: "This code is over",
    over: "The code has expired, or was answered already. Get a new one on your device.",
    again: "Enter another code",
    question: Around("Allow ", " on your device?"),
    only_if: "Only go on if you started this.",
    why: "Whoever shows or sends you a code of theirs would get into your account.",
    device: "Asked by",
    asked: "Asked at",
    allowed: "Allowed",
    back: "You can go back to your device.",
    refused: "Refused",
    nothing: "The device gets nothing. You can close this page.",
};
