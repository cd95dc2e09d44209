//! The fields of a person: which claims have one, what may stand in it, and what becomes of a form.

use serde_json::{Map, Value, json};

use crate::domain::user::{User, UserSettings, check_username};
use crate::http::console::gate::Form;
use crate::http::console::pages::people::{Field, FormBox, Problem, Text};

/// A claim of text with a field of its own.
pub struct TextClaim {
    /// The claim.
    pub name: &'static str,
    /// What is read.
    pub label: &'static str,
    hint: &'static str,
    text: Text,
    /// Whether few have it.
    rare: bool,
}

const fn usual(
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    text: Text,
) -> TextClaim {
    TextClaim {
        name,
        label,
        hint,
        text,
        rare: false,
    }
}

const fn rare(
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    text: Text,
) -> TextClaim {
    TextClaim {
        rare: true,
        ..usual(name, label, hint, text)
    }
}

/// The claims with a field, in order (OIDC Core §5.1, and the organisation that lists show).
#[rustfmt::skip]
pub const TEXTS: [TextClaim; 14] = [
    usual("name", "Full name", "As people read it.", Text::Line),
    usual("email", "Email", "", Text::Email),
    usual("organisation", "Organisation", "Shown in the lists of users and sessions.", Text::Line),
    rare("given_name", "Given name", "", Text::Line),
    rare("family_name", "Family name", "", Text::Line),
    rare("nickname", "Nickname", "", Text::Line),
    rare("phone_number", "Phone number", "With the country, such as +49 30 123456.", Text::Phone),
    rare("locale", "Language", "Such as de or pt-BR.", Text::Line),
    rare("zoneinfo", "Time zone", "Such as Europe/Berlin.", Text::Line),
    rare("birthdate", "Date of birth", "Such as 1990-05-17.", Text::Line),
    rare("gender", "Gender", "", Text::Line),
    rare("website", "Website", "", Text::Web),
    rare("profile", "Profile page", "", Text::Web),
    rare("picture", "Picture", "The address of an image.", Text::Web),
];
/// What is ticked among what few have: claim and label.
pub const MORE_BOXES: [(&str, &str); 1] = [("phone_number_verified", "The phone number is theirs")];
const EMAIL_VERIFIED: &str = "email_verified";
const OTHERS: &str = "others";

/// What was typed into a person's form.
pub struct Typed {
    /// Whether somebody new is made.
    pub new: bool,
    username: String,
    password: String,
    enabled: bool,
    texts: Vec<(&'static TextClaim, String)>,
    email_verified: bool,
    boxes: Vec<(&'static str, bool)>,
    others: String,
}

impl Typed {
    /// The form of somebody new.
    pub fn nobody() -> Typed {
        Typed {
            new: true,
            username: String::new(),
            password: String::new(),
            enabled: true,
            texts: TEXTS.iter().map(|claim| (claim, String::new())).collect(),
            email_verified: false,
            boxes: MORE_BOXES.iter().map(|(name, _)| (*name, false)).collect(),
            others: String::new(),
        }
    }

    /// The form of somebody as they are.
    pub fn of(user: &User) -> Typed {
        let is = |name: &str| user.claims.get(name) == Some(&Value::Bool(true));
        let text = |claim: &'static TextClaim| {
            let value = user.claim(claim.name).unwrap_or_default();
            (claim, value.to_owned())
        };
        Typed {
            new: false,
            username: user.username.clone(),
            password: String::new(),
            enabled: user.enabled,
            texts: TEXTS.iter().map(text).collect(),
            email_verified: is(EMAIL_VERIFIED),
            boxes: MORE_BOXES
                .iter()
                .map(|(name, _)| (*name, is(name)))
                .collect(),
            others: others(&user.claims),
        }
    }

    /// As it was posted.
    pub fn read(form: &Form, new: bool) -> Typed {
        let ticked = |name: &str| form.one(name) == "1";
        let text = |claim: &'static TextClaim| (claim, form.one(claim.name).trim().to_owned());
        Typed {
            new,
            username: form.one("username").trim().to_owned(),
            password: form.one("password").to_owned(),
            enabled: ticked("enabled"),
            texts: TEXTS.iter().map(text).collect(),
            email_verified: ticked(EMAIL_VERIFIED),
            boxes: MORE_BOXES
                .iter()
                .map(|(name, _)| (*name, ticked(name)))
                .collect(),
            others: form.one(OTHERS).trim().to_owned(),
        }
    }

    /// Whether somebody could sign in with it.
    pub fn can_sign_in(&self) -> bool {
        self.enabled && !self.password.is_empty()
    }

    /// What is wrong, beside its field.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |field: &str, text: String| {
            problems.push(Problem {
                field: field.to_owned(),
                text,
            });
        };
        if self.username.is_empty() {
            wrong("username", "Give the name they sign in with.".to_owned());
        } else if let Err(why) = check_username(&self.username) {
            wrong("username", super::sentence(&why));
        }
        for (claim, value) in &self.texts {
            if let Some(expected) = expected(claim, value) {
                wrong(claim.name, expected.to_owned());
            }
        }
        if let Err(why) = self.other_claims() {
            wrong(OTHERS, why);
        }
        problems
    }

    fn other_claims(&self) -> Result<Map<String, Value>, String> {
        if self.others.is_empty() {
            return Ok(Map::new());
        }
        let example = "A JSON object was expected, such as {\"department\": \"Sales\"}";
        let read: Value = serde_json::from_str(&self.others).map_err(|error| {
            format!(
                "{example}: line {}, column {}.",
                error.line(),
                error.column()
            )
        })?;
        let Value::Object(claims) = read else {
            return Err(format!("{example}."));
        };
        let mut twice = claims
            .iter()
            .filter(|(name, value)| has_field(name) && fits_field(name, value));
        match twice.next() {
            Some((name, _)) => Err(format!(
                "“{name}” has a field of its own; leave it out here."
            )),
            None => Ok(claims),
        }
    }

    /// What becomes of somebody as they are; `None` for somebody new.
    pub fn settings(&self, before: Option<&User>) -> UserSettings {
        let mut settings = before.map_or_else(UserSettings::default, User::settings);
        settings.username.clone_from(&self.username);
        if self.new {
            settings.enabled = self.enabled;
            settings.password = Some(self.password.clone()).filter(|text| !text.is_empty());
        }
        // Claims that are no text stay with those that have no field.
        let mut claims = self.other_claims().unwrap_or_default();
        for (claim, value) in &self.texts {
            if !value.is_empty() {
                claims.insert(claim.name.to_owned(), json!(value));
            }
        }
        let ticked = self.boxes.iter().copied();
        for (name, is) in ticked.chain([(EMAIL_VERIFIED, self.email_verified)]) {
            let had = before.is_some_and(|user| user.claims.contains_key(name));
            if is || had {
                claims.insert(name.to_owned(), json!(is));
            }
        }
        settings.claims = claims;
        settings
    }

    /// What everybody has.
    pub fn fields(&self) -> Vec<Field> {
        let mut fields = vec![Field {
            name: "username",
            label: "Username",
            hint: "The name they sign in with. Capitals do not matter.",
            text: Text::Line,
            required: true,
            value: self.username.clone(),
        }];
        fields.extend(self.of_kind(false));
        if self.new {
            fields.push(Field {
                name: "password",
                label: "Password",
                hint: "Without one they cannot sign in until it is set.",
                text: Text::Secret,
                required: false,
                value: String::new(),
            });
        }
        fields
    }

    /// What few have.
    pub fn more(&self) -> Vec<Field> {
        let mut fields: Vec<Field> = self.of_kind(true).collect();
        fields.push(Field {
            name: OTHERS,
            label: "Other claims, as JSON",
            hint: "Whatever else applications are told of them.",
            text: Text::Json,
            required: false,
            value: self.others.clone(),
        });
        fields
    }

    fn of_kind(&self, rare: bool) -> impl Iterator<Item = Field> {
        let of = self
            .texts
            .iter()
            .filter(move |(claim, _)| claim.rare == rare);
        of.map(|(claim, value)| Field {
            name: claim.name,
            label: claim.label,
            hint: claim.hint,
            text: claim.text,
            required: false,
            value: value.clone(),
        })
    }

    /// What is ticked.
    pub fn boxes(&self) -> Vec<FormBox> {
        let mut boxes = vec![FormBox {
            name: EMAIL_VERIFIED,
            label: "The email address is theirs",
            more: "Applications are told that it was verified.",
            ticked: self.email_verified,
        }];
        if self.new {
            boxes.push(FormBox {
                name: "enabled",
                label: "They may sign in",
                more: "Without it the account is made, but stays shut.",
                ticked: self.enabled,
            });
        }
        boxes
    }

    /// What is ticked among what few have.
    pub fn more_boxes(&self) -> Vec<FormBox> {
        let labels = MORE_BOXES.iter();
        labels
            .zip(&self.boxes)
            .map(|((name, label), (_, ticked))| FormBox {
                name,
                label,
                more: "",
                ticked: *ticked,
            })
            .collect()
    }
}

/// The claims without a field, as JSON; empty when there are none.
pub fn others(claims: &Map<String, Value>) -> String {
    let others: Map<String, Value> = claims
        .iter()
        .filter(|(name, value)| !has_field(name) || !fits_field(name, value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if others.is_empty() {
        return String::new();
    }
    serde_json::to_string_pretty(&others).unwrap_or_default()
}

fn has_field(name: &str) -> bool {
    let boxes = MORE_BOXES.iter().any(|(known, _)| *known == name);
    boxes || name == EMAIL_VERIFIED || TEXTS.iter().any(|claim| claim.name == name)
}

fn fits_field(name: &str, value: &Value) -> bool {
    match TEXTS.iter().any(|claim| claim.name == name) {
        true => value.is_string(),
        false => value.is_boolean(),
    }
}

/// What was expected instead of this value.
fn expected(claim: &TextClaim, value: &str) -> Option<&'static str> {
    if value.is_empty() {
        return None;
    }
    if value.chars().count() > 500 || value.chars().any(char::is_control) {
        return Some("At most 500 characters, in one line.");
    }
    let good = match (claim.text, claim.name) {
        (Text::Email, _) => value.split_once('@').is_some_and(|(who, at)| {
            !who.is_empty()
                && !at.is_empty()
                && !at.contains('@')
                && !value.contains(char::is_whitespace)
        }),
        (Text::Web, _) => {
            url::Url::parse(value).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
        }
        (Text::Phone, _) => {
            let fits = |c: char| c.is_ascii_digit() || "+ -()./".contains(c);
            value.chars().all(fits) && value.chars().any(|c| c.is_ascii_digit())
        }
        (_, "birthdate") => {
            let day = jiff::civil::Date::strptime("%Y-%m-%d", value).is_ok();
            day || (value.len() == 4 && value.bytes().all(|b| b.is_ascii_digit()))
        }
        _ => true,
    };
    match (good, claim.text) {
        (true, _) => None,
        (false, Text::Email) => Some("An address was expected, such as anna@example.com."),
        (false, Text::Web) => Some("A web address was expected, such as https://example.com/anna."),
        (false, Text::Phone) => Some("A phone number was expected, such as +49 30 123456."),
        (false, _) => Some("A date was expected, such as 1990-05-17, or a year."),
    }
}
