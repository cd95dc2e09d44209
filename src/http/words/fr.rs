//! French, in the formal address.

mod account;
mod device;

use super::{Around, Errors, Frame, Login, Moment, Way, Words};

/// French.
pub static WORDS: Words = Words {
    tag: "fr",
    dir: "ltr",
    name: "Français",
    frame: Frame {
        language: "Langue",
        change: "Changer",
        secured_by: "Sécurisé par Realmkeep",
        privacy: "Confidentialité",
        terms: "Conditions d’utilisation",
        cancel: "Annuler",
        skip: "Aller au contenu",
        error: |title| format!("Erreur : {title}"),
        at: |at| format!("le {} à {} (UTC)", day(at), at.clock()),
        date: |at| format!("{} à {} (UTC)", day(at), at.clock()),
    },
    login: Login {
        title: "Se connecter",
        to_go_on: Around("pour continuer vers ", ""),
        username: "Nom d’utilisateur",
        password: "Mot de passe",
        show_password: "Afficher le mot de passe",
        forgot: "Mot de passe oublié ?",
        remember: "Rester connecté sur cet appareil",
        trouble: "Des difficultés à vous connecter ?",
        help: "Obtenir de l’aide",
        wrong: "Nom d’utilisateur ou mot de passe incorrect.",
        disabled: "Ce compte est bloqué. Adressez-vous à votre administrateur.",
        blocked: "La connexion est bloquée jusqu’à ce qu’un administrateur lève le blocage.",
        blocked_until: |date| {
            format!(
                "La connexion est bloquée jusqu’au {date}. Adressez-vous à votre administrateur."
            )
        },
        busy: "De nombreuses personnes se connectent en ce moment. Réessayez dans quelques secondes.",
        wait: |secs| match secs {
            0 | 1 => format!("Trop de tentatives. Réessayez dans {secs} seconde."),
            secs => format!("Trop de tentatives. Réessayez dans {secs} secondes."),
        },
        other_address: "Vous êtes connecté depuis une autre adresse, et une seule est autorisée à la fois. Déconnectez-vous là-bas, ou demandez-le à votre administrateur, puis connectez-vous ici.",
        at_limit: |limit| {
            match limit {
            0 | 1 => "Vous êtes déjà connecté à un endroit, et c’est le maximum autorisé. Déconnectez-vous là-bas, puis connectez-vous ici.".to_owned(),
            limit => format!("Vous êtes déjà connecté à {limit} endroits, et c’est le maximum autorisé. Déconnectez-vous de l’un d’eux, puis connectez-vous ici."),
        }
        },
        cut_by_admin: |at| format!("Un administrateur vous a déconnecté {at}."),
        cut_by_organisation: |at| format!("Votre organisation vous a déconnecté {at}."),
        cut_by_limit: |at| {
            format!(
                "Vous avez été déconnecté ici {at} : le nombre de sessions autorisées à la fois était dépassé."
            )
        },
        cut_by_address: |at| {
            format!(
                "Vous avez été déconnecté {at} : cette session a été utilisée depuis une autre adresse que celle de départ. Si ce n’était pas vous, changez votre mot de passe."
            )
        },
    },
    way: Way {
        consent_title: "Autoriser l’accès",
        consent_question: Around("Autoriser ", " à continuer ?"),
        signed_in_as: Around("Vous êtes connecté en tant que ", ""),
        asks_for: "L’application demande à :",
        scope: |scope| {
            Some(match scope {
                "openid" => ("Savoir qui vous êtes", ""),
                "profile" => ("Voir votre profil", "Nom, nom d’utilisateur, langue, etc."),
                "email" => ("Voir votre adresse e-mail", ""),
                "phone" => ("Voir votre numéro de téléphone", ""),
                "address" => ("Voir votre adresse postale", ""),
                "roles" => ("Voir vos rôles", ""),
                "offline_access" => (
                    "Continuer en votre absence",
                    "Jusqu’à ce que vous ou un administrateur vous déconnectiez partout",
                ),
                _ => return None,
            })
        },
        allow: "Autoriser",
        deny: "Ne pas autoriser",
        answer_to: Around("La réponse est envoyée à ", "."),
        removable: "Vous pourrez revenir sur ce choix dans votre compte.",
        sign_out_question: |realm| format!("Se déconnecter de {realm} ?"),
        asks_to_sign_out: Around("", " demande à vous déconnecter."),
        will_be_told: "Ces applications seront informées :",
        sign_out: "Se déconnecter",
        stay: "Rester connecté",
        signed_out: "Vous êtes déconnecté",
        of_realm: |realm| format!("de {realm} sur cet appareil."),
        being_told: "Ces applications sont en cours d’information :",
        by_browser: "Votre navigateur informe ces applications, dans la mesure du possible :",
        best_effort: "Sans garantie. Si vous y apparaissez encore connecté, déconnectez-vous là aussi.",
        leaving: |app| format!("Déconnexion de {app}"),
        go_on: "Continuer",
        back_to: |app| format!("Retour à {app}"),
        again: "Se reconnecter",
        signed_in: "Connecté",
        you_are_in: "Vous êtes connecté",
        open_any: "Ouvrez une application pour continuer.",
        taking_to: Around("Redirection vers ", ""),
        go_on_to: |app| format!("Continuer vers {app}"),
        form_question: Around("Continuer vers ", ""),
        form_text: "L’application attend sa réponse sous forme de formulaire. Appuyez sur le bouton pour l’envoyer.",
        choose_title: "Choisir ce qui doit prendre fin",
        choose_heading: "Déjà connecté ailleurs",
        choose_text: |realm, limit, need| {
            let limit = if limit <= 1 {
                "une session".to_owned()
            } else {
                format!("{limit} sessions")
            };
            let need = if need <= 1 {
                "l’une d’elles".to_owned()
            } else {
                format!("{need} d’entre elles")
            };
            format!("{realm} autorise {limit} à la fois. Mettez fin à {need} pour continuer ici.")
        },
        choose_where: "Où vous êtes connecté",
        choose_submit: "Y mettre fin et continuer",
        choose_help: "Si vous ne reconnaissez pas l’une d’elles, mettez-y fin et changez votre mot de passe.",
        choose_more: "Ce n’est pas encore assez.",
        select_title: "Choisir un compte",
        select_same: |name| format!("Continuer en tant que {name}"),
        select_other: "Utiliser un autre compte",
        select_note: "Dans ce navigateur, un autre compte remplace celui-ci.",
    },
    errors: Errors {
        error: "Erreur",
        request: "Demande",
        tell: "Si cela se reproduit, communiquez la demande ci-dessus à votre administrateur.",
        try_again: "Réessayer",
        link_title: "Ce lien ne fonctionne pas",
        malformed: |why| format!("La demande est mal formée : {why}."),
        unknown_app: "L’application qui vous envoie ici n’est pas connue. Son administrateur doit d’abord l’enregistrer.",
        unregistered: "L’adresse vers laquelle l’application veut revenir n’est pas enregistrée. Retournez à l’application ou prévenez son administrateur.",
        no_redirect: "L’application n’a pas indiqué vers où revenir (redirect_uri).",
        no_answer: "Le formulaire ne dit ni oui ni non.",
        foreign_page: "La page vers laquelle continuer n’appartient pas à ce serveur.",
        over_title: "Cette connexion est terminée",
        over: "Cette connexion est achevée, trop ancienne, ou a été commencée dans un autre navigateur. Retournez à l’application et recommencez.",
        form_title: "Ce formulaire n’est plus valable",
        form: "La page est restée ouverte trop longtemps, a été envoyée par un autre site, ou le navigateur refuse les cookies.",
        broken_title: "Un problème est survenu",
        broken: "Le serveur n’a pas pu traiter la demande. Réessayez ; si le problème persiste, adressez-vous à votre administrateur.",
        nowhere_title: "Il n’y a rien ici",
        nowhere: "Cet espace n’existe pas sur ce serveur. Vérifiez l’adresse, ou demandez à la personne qui vous l’a donnée.",
        off_title: "Ceci est désactivé",
        realm_off: "Personne ne peut se connecter ici pour le moment. Adressez-vous à votre administrateur.",
        app_off: "L’application qui vous envoie ici est désactivée pour le moment. Adressez-vous à votre administrateur.",
        account_off: "Il n’y a pas de pages de compte ici. Adressez-vous à votre administrateur.",
        not_yours_title: "Cette connexion n’existe pas",
        not_yours: "Elle est déjà terminée, ou ce n’est pas la vôtre.",
        wait_title: "Un instant",
        no_room: "Le disque du serveur est presque plein : personne ne peut se connecter tant qu’il n’y a pas de place. Merci de prévenir la personne qui l’exploite.",
        in_doubt: "Le serveur a perdu un instant sa base de données et ne peut pas dire si cela a été fait. Réessayez dans un instant.",
        busy: "Le serveur est occupé et rien n’a été modifié. Réessayez dans un instant.",
    },
    device: device::DEVICE,
    account: account::ACCOUNT,
    acts: account::ACTS,
    mine: account::MINE,
};

fn day(at: Moment) -> String {
    const MONTHS: [&str; 12] = [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ];
    let day = if at.day == 1 {
        "1er".to_owned()
    } else {
        at.day.to_string()
    };
    format!("{day} {} {}", at.month_of(&MONTHS), at.year)
}
