//! The realm at a glance.

use askama::Template;

use super::atoms::{Link, Moment};
use super::chart::Chart;
use super::shell::Shell;

/// The page.
#[derive(Debug, Template)]
#[template(path = "console/templates/overview.html")]
pub struct OverviewPage {
    /// The frame.
    pub shell: Shell,
    /// How things are now.
    pub glance: Glance,
    /// How far back the charts look, and which it is.
    pub ranges: Vec<(Link, bool)>,
    /// The charts.
    pub charts: Vec<Chart>,
    /// Whether anything has been counted yet.
    pub is_new: bool,
}

/// How things are now; also alone, as the fragment that the script fetches.
#[derive(Debug, Template)]
#[template(path = "console/templates/overview_glance.html")]
pub struct Glance {
    /// Where it is fetched anew.
    pub url: String,
    /// Where the list of sign-outs is.
    pub receipts_url: String,
    /// Whom an administrator has to look at.
    pub attention: Option<Attention>,
    /// The numbers at the top.
    pub tiles: Vec<Tile>,
    /// What is under way.
    pub long: Vec<LongAct>,
    /// The last sign-outs.
    pub last: Vec<LastSignOut>,
}

impl askama::filters::HtmlSafe for Glance {}

impl Glance {
    /// What is read out when it changes.
    pub fn summary(&self) -> String {
        match self.long.len() {
            0 => "Nothing is under way".to_owned(),
            1 => "1 act is under way".to_owned(),
            n => format!("{n} acts are under way"),
        }
    }
}

/// People whom an administrator has to look at.
#[derive(Debug, Clone, Default)]
pub struct Attention {
    /// "1 person does not recognise a session".
    pub what: String,
    /// Who; without an address for whoever may not see users.
    pub people: Vec<Link>,
}

/// A number at the top.
#[derive(Debug, Clone, Default)]
pub struct Tile {
    /// Its id on the page.
    pub id: &'static str,
    /// What it counts.
    pub name: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// The number.
    pub value: String,
    /// What belongs to it, in a few words.
    pub about: String,
    /// Where there is more; empty for nowhere.
    pub url: String,
    /// Whether somebody should look.
    pub alarming: bool,
}

/// Something that takes its time.
#[derive(Debug, Clone, Default)]
pub struct LongAct {
    /// What it is.
    pub words: String,
    /// "1,200 of 5,000 sessions".
    pub progress: String,
    /// How far it is.
    pub done: u64,
    /// Of how much; `None` while that is not known.
    pub total: Option<u64>,
    /// Where there is more; empty for nowhere.
    pub url: String,
}

/// What became of a sign-out.
#[derive(Debug, Clone, Default)]
pub struct LastSignOut {
    /// Its receipt.
    pub url: String,
    /// Its id.
    pub id: String,
    /// When it was.
    pub at: Moment,
    /// "3 sessions of 2 people".
    pub who: String,
    /// Why.
    pub reason: String,
    /// "4 of 5"; empty where no app is told.
    pub apps: String,
    /// How long until the last app had confirmed; what is missing until then.
    pub words: String,
    /// The tone of these words.
    pub tone: &'static str,
    /// The bar of that time, an outline; empty while it is not known.
    pub bar: String,
}
