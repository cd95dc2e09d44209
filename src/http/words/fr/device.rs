//! French, for a device that has no browser.

use crate::http::words::{Around, Connect};

pub(super) const DEVICE: Connect = Connect {
    title: "Connecter un appareil",
    lead: "Saisissez le code affiché par votre appareil.",
    code: "Code",
    hint: "Huit lettres. Les minuscules et les espaces conviennent.",
    only_yours: "Ne saisissez qu’un code affiché par un appareil qui est à vous.",
    wrong: "Ce code n’existe pas. Comparez-le lettre par lettre avec votre appareil.",
    over_title: "Ce code n’est plus valable",
    over: "Le code a expiré ou a déjà reçu une réponse. Demandez-en un nouveau sur votre appareil.",
    again: "Saisir un autre code",
    question: Around("Autoriser ", " sur votre appareil ?"),
    only_if: "Ne continuez que si vous êtes à l’origine de cette demande.",
    why: "Une personne qui vous montre ou vous envoie son propre code accéderait à votre compte.",
    device: "Demandé par",
    asked: "Demandé le",
    allowed: "Autorisé",
    back: "Vous pouvez revenir à votre appareil.",
    refused: "Refusé",
    nothing: "L’appareil n’obtient rien. Vous pouvez fermer cette page.",
};
