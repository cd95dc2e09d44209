//! Spanish, for a device that has no browser.

use crate::http::words::{Around, Connect};

pub(super) const DEVICE: Connect = Connect {
    title: "Conectar un dispositivo",
    lead: "Introduzca el código que muestra su dispositivo.",
    code: "Código",
    hint: "Ocho letras. Se admiten minúsculas y espacios.",
    only_yours: "Introduzca solo un código que vea en un dispositivo propio.",
    wrong: "Ese código no existe. Compárelo letra por letra con su dispositivo.",
    over_title: "Este código ya no es válido",
    over: "El código ha caducado o ya fue respondido. Obtenga uno nuevo en su dispositivo.",
    again: "Introducir otro código",
    question: Around("¿Permitir ", " en su dispositivo?"),
    only_if: "Continúe solo si usted lo ha iniciado.",
    why: "Quien le muestre o le envíe un código suyo entraría en su cuenta.",
    device: "Lo pide",
    asked: "Pedido el",
    allowed: "Permitido",
    back: "Puede volver a su dispositivo.",
    refused: "Rechazado",
    nothing: "El dispositivo no obtiene nada. Puede cerrar esta página.",
};
