//! What stands between an administrator and something that ends: what it would do, in counts and plain words, and the button.

use askama::Template;

use super::super::atoms::{Choice, Link};
use super::super::effects::Effect;
use super::super::shell::Shell;
use super::form::Problem;

/// A field that nobody sees.
#[derive(Debug, Clone)]
pub struct Hidden {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: String,
}

/// Until when: as long as nobody lifts it, or a moment.
#[derive(Debug, Clone, Default)]
pub struct Until {
    /// Whether the moment is chosen.
    pub dated: bool,
    /// The moment as typed.
    pub at: String,
}

/// What may be said with it.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// The reasons to choose from.
    pub reasons: Vec<Choice>,
    /// The note typed before.
    pub note: String,
    /// The message typed before; `None` where nobody is left to read it.
    pub message: Option<String>,
}

/// What has to be typed, so that nobody does it by a slip of the hand.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    /// Exactly this.
    pub wanted: String,
    /// As typed before.
    pub value: String,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "console/templates/people/act.html")]
pub struct ActPage {
    /// The frame.
    pub shell: Shell,
    /// Where it belongs: "Users", "anna.keller".
    pub crumbs: Vec<Link>,
    /// "Sign Anna Keller out everywhere?"
    pub title: String,
    /// What that is about, in a sentence.
    pub sentence: String,
    /// Where it is posted.
    pub action: String,
    /// What is posted unseen.
    pub hidden: Vec<Hidden>,
    /// What happens.
    pub effects: Vec<Effect>,
    /// For a block: until when.
    pub until: Option<Until>,
    /// What is said with it.
    pub words: Option<Words>,
    /// What must be typed.
    pub typed: Option<Typed>,
    /// What is wrong with the answers.
    pub problems: Vec<Problem>,
    /// What the button says: "Sign out of 3 sessions".
    pub button: String,
    /// Its icon.
    pub icon: &'static str,
    /// Whether it is red.
    pub danger: bool,
    /// Beside the buttons: "This cannot be undone."
    pub hint: &'static str,
    /// The way back.
    pub cancel_url: String,
}

impl ActPage {
    fn wrong(&self, field: &str) -> Option<&str> {
        let found = self.problems.iter().find(|problem| problem.field == field);
        found.map(|problem| problem.text.as_str())
    }
}
