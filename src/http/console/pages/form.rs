//! A page with a form whose every setting is explained beside it, and the page that says what a change would do.

use askama::Template;

use super::atoms::{Choice, Link};
use super::shell::Shell;

/// A form as a page. Posts `csrf`, [`FormPage::hidden`] and its fields to [`FormPage::action`].
#[derive(Debug, Template)]
#[template(path = "console/templates/form.html")]
pub struct FormPage {
    /// The frame.
    pub shell: Shell,
    /// Where this page stands; the page itself is not among them.
    pub crumbs: Vec<Link>,
    /// The headline.
    pub title: String,
    /// What this is about, in a sentence.
    pub lead: String,
    /// The parts of the same thing.
    pub tabs: Vec<TabLink>,
    /// What is to be known beforehand.
    pub notes: Vec<Line>,
    /// What is wrong, all of it; empty when nothing is.
    pub problems: Vec<Wrong>,
    /// The fields.
    pub groups: Vec<FieldGroup>,
    /// What goes along unseen.
    pub hidden: Vec<(String, String)>,
    /// Where it is posted to.
    pub action: String,
    /// "Save", "See what this does…".
    pub submit: String,
    /// Away from here without a change; empty for none.
    pub cancel_url: String,
    /// Whether nothing can be changed here by this person.
    pub fixed: bool,
}

/// One part of a thing that has several.
#[derive(Debug, Clone, Default)]
pub struct TabLink {
    /// "Settings".
    pub label: String,
    /// Where it is.
    pub url: String,
    /// How many there are, as it is read; empty where that is not said.
    pub count: String,
    /// Whether it is this one.
    pub here: bool,
}

/// Something said in a box of its own.
#[derive(Debug, Clone, Default)]
pub struct Line {
    /// `info`, `ok`, `warn` or `danger`.
    pub tone: &'static str,
    /// The words.
    pub text: String,
}

impl Line {
    /// With this tone.
    pub fn new(tone: &'static str, text: impl Into<String>) -> Line {
        Line {
            tone,
            text: text.into(),
        }
    }

    /// The icon that goes with the tone.
    pub fn icon(&self) -> &'static str {
        match self.tone {
            "ok" => "circle-check",
            "warn" | "danger" => "triangle-alert",
            _ => "info",
        }
    }

    /// The role of the box: what went wrong is said at once.
    pub fn role(&self) -> &'static str {
        match self.tone {
            "ok" => "status",
            "danger" => "alert",
            _ => "note",
        }
    }
}

/// Something wrong, for the summary.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wrong {
    /// The id of the field; empty when it is about none.
    pub id: String,
    /// What, and what was expected.
    pub text: String,
}

/// Fields under one word.
#[derive(Debug, Clone, Default)]
pub struct FieldGroup {
    /// "Addresses".
    pub title: String,
    /// What they have in common; may be empty.
    pub about: String,
    /// The fields.
    pub fields: Vec<Field>,
}

/// One field with what it means.
#[derive(Debug, Clone, Default)]
pub struct Field {
    /// What is posted.
    pub name: String,
    /// In the page.
    pub id: String,
    /// What people read.
    pub label: String,
    /// What it means, in a sentence.
    pub hint: String,
    /// What is typed in it.
    pub value: String,
    /// Whether it is on.
    pub on: bool,
    /// What there is to choose from.
    pub choices: Vec<Choice>,
    /// Whether several may be chosen, whether it is a list of lines, a secret, a number, …
    pub shape: Shape,
    /// What is wrong with it; may be empty.
    pub problem: String,
}

/// What a field looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shape {
    /// One line.
    #[default]
    Line,
    /// A line that holds a duration or a number.
    Short,
    /// One line that nobody looks at over a shoulder.
    Secret,
    /// A file that holds a picture.
    Picture,
    /// Several lines.
    Lines,
    /// On or off.
    Switch,
    /// One of several.
    One,
    /// Any of several.
    Some,
    /// Said, not asked.
    Said,
}

impl Field {
    fn described(&self) -> String {
        match self.problem.is_empty() {
            true => format!("{}-hint", self.id),
            false => format!("{0}-hint {0}-problem", self.id),
        }
    }
}

impl FormPage {
    /// Whether a file can be chosen in it: such a form is posted in parts.
    pub fn has_file(&self) -> bool {
        let mut fields = self.groups.iter().flat_map(|group| &group.fields);
        fields.any(|field| field.shape == Shape::Picture)
    }

    fn wrong(&self) -> &'static str {
        match self.problems.len() {
            1 => "One setting was refused. Nothing was changed.",
            _ => "Several settings were refused. Nothing was changed.",
        }
    }
}

/// The question before something is done: what it does, in plain words, and the button that does it.
#[derive(Debug, Template)]
#[template(path = "console/templates/ask.html")]
pub struct AskPage {
    /// The frame.
    pub shell: Shell,
    /// "Delete payroll?".
    pub title: String,
    /// What this is about, in a sentence.
    pub lead: String,
    /// What happens.
    pub effects: Vec<Effect>,
    /// What changes: setting, before, after.
    pub changes: Vec<Change>,
    /// What goes along unseen.
    pub hidden: Vec<(String, String)>,
    /// The reasons to choose from; empty when none is asked for.
    pub reasons: Vec<Choice>,
    /// What has to be typed to go on; empty for nothing.
    pub typed: String,
    /// What "it" is, for the label of that field: "client_id", "the realm's name".
    pub typed_what: String,
    /// What is wrong with the answers; may be empty.
    pub error: String,
    /// Where it is posted to.
    pub action: String,
    /// What the button says: "Delete payroll".
    pub button: String,
    /// Whether the button ends something.
    pub danger: bool,
    /// "This cannot be undone."; may be empty.
    pub foot: String,
    /// Where the same fields are posted to, to go on typing; empty for nowhere.
    pub back_to_form: String,
    /// Away from here.
    pub cancel_url: String,
}

impl AskPage {
    /// A question about something that ends, with nothing else said yet.
    pub fn new(shell: Shell, action: String, cancel_url: String) -> AskPage {
        AskPage {
            shell,
            title: String::new(),
            lead: String::new(),
            effects: Vec::new(),
            changes: Vec::new(),
            hidden: Vec::new(),
            reasons: Vec::new(),
            typed: String::new(),
            typed_what: String::new(),
            error: String::new(),
            action,
            button: String::new(),
            danger: true,
            foot: String::new(),
            back_to_form: String::new(),
            cancel_url,
        }
    }
}

/// Something that happens, or does not.
#[derive(Debug, Clone, Default)]
pub struct Effect {
    /// `cut`, `gap`, `safe` or nothing.
    pub tone: &'static str,
    /// Its icon's name in the sprite.
    pub icon: &'static str,
    /// In a few words.
    pub title: String,
    /// More of it; may be empty.
    pub text: String,
    /// Names that belong to it, each with a word.
    pub chips: Vec<(String, String)>,
}

impl Effect {
    /// With title and text.
    pub fn new(
        tone: &'static str,
        icon: &'static str,
        title: impl Into<String>,
        text: impl Into<String>,
    ) -> Effect {
        Effect {
            tone,
            icon,
            title: title.into(),
            text: text.into(),
            chips: Vec::new(),
        }
    }
}

/// A setting that changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Its label.
    pub label: String,
    /// As it is.
    pub before: String,
    /// As it will be.
    pub after: String,
    /// The picture as it is, a `data:` address; empty for none.
    pub picture_before: String,
    /// The picture as it will be.
    pub picture_after: String,
}

/// A secret, shown this once.
#[derive(Debug, Template)]
#[template(path = "console/templates/secret.html")]
pub struct SecretPage {
    /// The frame.
    pub shell: Shell,
    /// Where this page stands.
    pub crumbs: Vec<Link>,
    /// "payroll is registered".
    pub title: String,
    /// The public id.
    pub client_id: String,
    /// The secret.
    pub secret: String,
    /// What is to be known: that the old one is refused, for example; may be empty.
    pub note: String,
    /// Where to go on.
    pub next_url: String,
}

/// Somebody else changed the same settings meanwhile.
#[derive(Debug, Template)]
#[template(path = "console/templates/changed.html")]
pub struct ChangedPage {
    /// The frame.
    pub shell: Shell,
    /// What was to be changed: "the settings of demo".
    pub what: String,
    /// What differs: the label, how it was when the form was opened, how it is now, what was typed.
    pub rows: Vec<Meanwhile>,
    /// What was typed, to go on with.
    pub hidden: Vec<(String, String)>,
    /// Where the form is drawn again with it.
    pub back_to_form: String,
    /// The form as it is now.
    pub fresh_url: String,
}

/// A setting that somebody else changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meanwhile {
    /// Its label.
    pub label: String,
    /// When the form was opened.
    pub was: String,
    /// Now.
    pub now: String,
    /// As it was typed.
    pub typed: String,
}
