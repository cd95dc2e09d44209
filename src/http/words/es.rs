//! Spanish, in the formal address.

mod account;
mod device;

use super::{Around, Errors, Frame, Login, Moment, Way, Words};

/// Spanish.
pub static WORDS: Words = Words {
    tag: "es",
    dir: "ltr",
    name: "Español",
    frame: Frame {
        language: "Idioma",
        change: "Cambiar",
        secured_by: "Protegido por Realmkeep",
        privacy: "Privacidad",
        terms: "Condiciones de uso",
        cancel: "Cancelar",
        skip: "Ir al contenido",
        error: |title| format!("Error: {title}"),
        at: |at| format!("el {} a las {} (UTC)", day(at), at.clock()),
        date: |at| format!("{}, {} (UTC)", day(at), at.clock()),
    },
    login: Login {
        title: "Iniciar sesión",
        to_go_on: Around("para continuar en ", ""),
        username: "Nombre de usuario",
        password: "Contraseña",
        show_password: "Mostrar la contraseña",
        forgot: "¿Ha olvidado la contraseña?",
        remember: "Mantener la sesión iniciada en este dispositivo",
        trouble: "¿Problemas para iniciar sesión?",
        help: "Obtener ayuda",
        wrong: "El nombre de usuario o la contraseña no son correctos.",
        disabled: "Esta cuenta está bloqueada. Consulte a su administrador.",
        blocked: "El inicio de sesión está bloqueado hasta que un administrador lo desbloquee.",
        blocked_until: |date| {
            format!(
                "El inicio de sesión está bloqueado hasta el {date}. Consulte a su administrador."
            )
        },
        busy: "Hay muchas personas iniciando sesión en este momento. Vuelva a intentarlo dentro de unos segundos.",
        wait: |secs| match secs {
            1 => "Demasiados intentos. Vuelva a intentarlo dentro de 1 segundo.".to_owned(),
            secs => format!("Demasiados intentos. Vuelva a intentarlo dentro de {secs} segundos."),
        },
        other_address: "Tiene una sesión iniciada desde otra dirección, y aquí solo se permite una a la vez. Ciérrela allí, o pida a su administrador que lo haga, e inicie sesión aquí después.",
        at_limit: |limit| {
            match limit {
            1 => "Ya tiene una sesión iniciada en otro lugar, y no se permiten más. Ciérrela allí e inicie sesión aquí después.".to_owned(),
            limit => format!("Ya tiene sesiones iniciadas en {limit} lugares, y no se permiten más. Cierre una de ellas e inicie sesión aquí después."),
        }
        },
        cut_by_admin: |at| format!("Un administrador cerró su sesión {at}."),
        cut_by_organisation: |at| format!("Su organización cerró su sesión {at}."),
        cut_by_limit: |at| {
            format!(
                "Su sesión se cerró aquí {at}: había más sesiones de las que se permiten a la vez."
            )
        },
        cut_by_address: |at| {
            format!(
                "Su sesión se cerró {at}: se usó desde una dirección distinta de aquella en la que empezó. Si no fue usted, cambie su contraseña."
            )
        },
    },
    way: Way {
        consent_title: "Permitir el acceso",
        consent_question: Around("¿Permitir que ", " continúe?"),
        signed_in_as: Around("Ha iniciado sesión como ", ""),
        asks_for: "La aplicación solicita:",
        scope: |scope| {
            Some(match scope {
                "openid" => ("Saber quién es usted", ""),
                "profile" => (
                    "Ver su perfil",
                    "Nombre, nombre de usuario, idioma y datos similares",
                ),
                "email" => ("Ver su dirección de correo electrónico", ""),
                "phone" => ("Ver su número de teléfono", ""),
                "address" => ("Ver su dirección postal", ""),
                "roles" => ("Ver sus roles", ""),
                "offline_access" => (
                    "Continuar en su ausencia",
                    "Hasta que usted o un administrador cierre todas sus sesiones",
                ),
                _ => return None,
            })
        },
        allow: "Permitir",
        deny: "No permitir",
        answer_to: Around("La respuesta se envía a ", "."),
        removable: "Puede retirar este permiso en su cuenta.",
        sign_out_question: |realm| format!("¿Cerrar la sesión de {realm}?"),
        asks_to_sign_out: Around("", " solicita cerrar su sesión."),
        will_be_told: "Se avisará a estas aplicaciones:",
        sign_out: "Cerrar sesión",
        stay: "Mantener la sesión",
        signed_out: "Ha cerrado la sesión",
        of_realm: |realm| format!("de {realm} en este dispositivo."),
        being_told: "Se está avisando a estas aplicaciones:",
        by_browser: "Su navegador está avisando a estas aplicaciones, en la medida de lo posible:",
        best_effort: "Sin garantía. Si allí sigue apareciendo su sesión, ciérrela también allí.",
        leaving: |app| format!("Cierre de sesión de {app}"),
        go_on: "Continuar",
        back_to: |app| format!("Volver a {app}"),
        again: "Volver a iniciar sesión",
        signed_in: "Sesión iniciada",
        you_are_in: "Ha iniciado sesión",
        open_any: "Abra cualquier aplicación para continuar.",
        taking_to: Around("Le llevamos a ", ""),
        go_on_to: |app| format!("Continuar en {app}"),
        form_question: Around("Continuar en ", ""),
        form_text: "La aplicación pidió la respuesta en un formulario. Pulse el botón para enviarla.",
        choose_title: "Elegir qué sesión cerrar",
        choose_heading: "Sesión iniciada en otro lugar",
        choose_text: |realm, limit, need| {
            let limit = if limit == 1 {
                "una sesión".to_owned()
            } else {
                format!("{limit} sesiones")
            };
            let need = if need == 1 {
                "una de estas".to_owned()
            } else {
                format!("{need} de estas")
            };
            format!("{realm} permite {limit} a la vez. Cierre {need} para continuar aquí.")
        },
        choose_where: "Dónde ha iniciado sesión",
        choose_submit: "Cerrar allí y continuar",
        choose_help: "Si no reconoce alguna de ellas, ciérrela y cambie su contraseña.",
        choose_more: "Todavía no es suficiente.",
        select_title: "Elegir una cuenta",
        select_same: |name| format!("Continuar como {name}"),
        select_other: "Usar otra cuenta",
        select_note: "En este navegador, otra cuenta ocupa el lugar de esta.",
    },
    errors: Errors {
        error: "Código",
        request: "Solicitud",
        tell: "Si vuelve a ocurrir, indique a su administrador la solicitud anterior.",
        try_again: "Volver a intentarlo",
        link_title: "Este enlace no funciona",
        malformed: |why| format!("La solicitud no está bien formada: {why}."),
        unknown_app: "La aplicación que le envió aquí no es conocida. Su administrador tiene que registrarla primero.",
        unregistered: "La dirección a la que la aplicación quiere volver no está registrada. Vuelva a la aplicación o avise a su administrador.",
        no_redirect: "La aplicación no indicó adónde volver (redirect_uri).",
        no_answer: "El formulario no dice ni sí ni no.",
        foreign_page: "La página a la que se quiere continuar no es de este servidor.",
        over_title: "Este inicio de sesión ha terminado",
        over: "Este inicio de sesión ha finalizado, es demasiado antiguo o se empezó en otro navegador. Vuelva a la aplicación y empiece de nuevo.",
        form_title: "Este formulario ya no es válido",
        form: "La página estuvo abierta demasiado tiempo, la envió otro sitio o el navegador no guarda cookies.",
        broken_title: "Algo ha fallado",
        broken: "El servidor no pudo completar la solicitud. Vuelva a intentarlo; si continúa, consulte a su administrador.",
        nowhere_title: "Aquí no hay nada",
        nowhere: "Este espacio no existe en este servidor. Compruebe la dirección o pregunte a quien se la dio.",
        off_title: "Esto está desactivado",
        realm_off: "Por ahora nadie puede iniciar sesión aquí. Consulte a su administrador.",
        app_off: "La aplicación que le envió aquí está desactivada por ahora. Consulte a su administrador.",
        account_off: "Aquí no hay páginas de cuenta. Consulte a su administrador.",
        not_yours_title: "Esta sesión no existe",
        not_yours: "Ya ha terminado, o no es suya.",
        wait_title: "Un momento",
        no_room: "El disco del servidor está casi lleno: nadie puede iniciar sesión hasta que haya espacio. Avise a quien lo gestiona.",
        in_doubt: "El servidor perdió su base de datos por un momento y no puede saber si esto se realizó. Vuelva a intentarlo en un momento.",
        busy: "El servidor está ocupado y no se ha cambiado nada. Vuelva a intentarlo en un momento.",
    },
    device: device::DEVICE,
    account: account::ACCOUNT,
    acts: account::ACTS,
    mine: account::MINE,
};

fn day(at: Moment) -> String {
    const MONTHS: [&str; 12] = [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ];
    format!("{} de {} de {}", at.day, at.month_of(&MONTHS), at.year)
}
