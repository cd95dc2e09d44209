//! The form of a person: what they are called, how they are reached, what apps are told of them.

use askama::Template;

use super::super::atoms::Link;
use super::super::shell::Shell;

/// What is wrong with a field, and what would be right.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The field's name.
    pub field: String,
    /// What was expected.
    pub text: String,
}

/// How a field is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// In a line.
    Line,
    /// An address of electronic mail.
    Email,
    /// A telephone number.
    Phone,
    /// A web address.
    Web,
    /// A secret.
    Secret,
    /// Several lines, of JSON.
    Json,
}

/// A field of text.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What is read beside it.
    pub label: &'static str,
    /// What it is for, or how it looks; may be empty.
    pub hint: &'static str,
    /// How it is typed.
    pub text: Text,
    /// Whether it must be filled.
    pub required: bool,
    /// What stands in it.
    pub value: String,
}

impl Field {
    /// Its type.
    pub(in crate::http::console::pages) fn kind(&self) -> &'static str {
        match self.text {
            Text::Line | Text::Json => "text",
            Text::Email => "email",
            Text::Phone => "tel",
            Text::Web => "url",
            Text::Secret => "password",
        }
    }
}

/// A box to tick.
#[derive(Debug, Clone)]
pub struct Box {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub label: &'static str,
    /// What that means.
    pub more: &'static str,
    /// Whether it is ticked.
    pub ticked: bool,
}

/// A person's form as a page.
#[derive(Debug, Template)]
#[template(path = "console/templates/people/form.html")]
pub struct FormPage {
    /// The frame.
    pub shell: Shell,
    /// Where it belongs.
    pub crumbs: Vec<Link>,
    /// "New user".
    pub title: String,
    /// Where it is posted.
    pub action: String,
    /// What everybody has.
    pub fields: Vec<Field>,
    /// What can be ticked.
    pub boxes: Vec<Box>,
    /// What few have, folded away.
    pub more: Vec<Field>,
    /// What is ticked there.
    pub more_boxes: Vec<Box>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What the button says.
    pub button: &'static str,
    /// The way back.
    pub cancel_url: String,
}

impl FormPage {
    fn wrong(&self, field: &str) -> Option<&str> {
        let found = self.problems.iter().find(|problem| problem.field == field);
        found.map(|problem| problem.text.as_str())
    }

    /// What is wrong with no field of the form.
    fn general(&self) -> Vec<&str> {
        let known = |name: &str| {
            let fields = self.fields.iter().chain(&self.more);
            fields.map(|f| f.name).any(|field| field == name)
        };
        let other = self.problems.iter().filter(|p| !known(&p.field));
        other.map(|problem| problem.text.as_str()).collect()
    }

    /// Whether the folded part has to be open.
    fn open(&self) -> bool {
        let filled = self.more.iter().any(|field| !field.value.is_empty());
        filled || self.more.iter().any(|f| self.wrong(f.name).is_some())
    }
}
