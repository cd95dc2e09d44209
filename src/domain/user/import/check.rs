//! Checks the people of a file before any of them is written: each by themselves, among each other, and against those who
//! are there.

use std::collections::HashMap;

use super::{IfExists, MOST_PEOPLE, MOST_SHOWN, Reach, Row, Sample};
use crate::domain::access::{self, Right};
use crate::domain::id::UserId;
use crate::domain::realm::Realm;
use crate::domain::record::{decode, versioned};
use crate::domain::user::User;
use crate::domain::user::check::problems;
use crate::domain::{Context, Fault, key};
use crate::store::Record;

/// Something wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the file; 0 for all of it.
    pub at: u64,
    /// Which field; may be empty.
    pub field: String,
    /// What, and what was expected.
    pub text: String,
}

/// The problems of a file: the first of them, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    /// The first, in the order of the file.
    pub shown: Vec<Problem>,
    /// How many.
    pub count: u64,
}

impl Problems {
    /// Adds one.
    pub fn add(&mut self, at: u64, field: &str, text: impl Into<String>) {
        self.count += 1;
        if self.shown.len() < 2 * MOST_SHOWN {
            self.shown.push(Problem {
                at,
                field: field.to_owned(),
                text: text.into(),
            });
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn finish(&mut self) {
        self.shown.sort_by_key(|problem| problem.at);
        self.shown.truncate(MOST_SHOWN);
    }
}

/// People who may be imported.
#[derive(Debug)]
pub struct Checked {
    /// The people.
    pub rows: Vec<Row>,
    /// Which of them are there already.
    pub exists: Vec<bool>,
    /// The first of them.
    pub sample: Vec<Sample>,
    /// What handing out their roles takes.
    pub takes: Reach,
}

/// How many are shown beforehand.
const SAMPLE: usize = 10;
/// How many are looked up at once.
const PIECE: usize = 400;

/// Checks people. `found` is what was wrong with them already when they were read; when there is anything, nobody may be
/// imported.
///
/// # Errors
/// [`Fault`] when the store does not answer; the problems of the file are the inner error.
pub async fn check(
    ctx: &Context,
    realm: &Realm,
    rows: Vec<Row>,
    mut found: Problems,
    (if_exists, reach): (IfExists, Reach),
) -> Result<Result<Checked, Problems>, Fault> {
    if rows.is_empty() && found.is_empty() {
        found.add(0, "", "there is nobody in the file");
    }
    if rows.len() > MOST_PEOPLE {
        let text = format!(
            "a file has at most {MOST_PEOPLE} people, this one has {}; import it in parts",
            rows.len()
        );
        found.add(0, "", text);
    }
    let takes = alone(realm, &rows, reach, &mut found);
    among(&rows, &mut found);
    let mut exists = Vec::with_capacity(rows.len());
    for piece in rows.chunks(PIECE) {
        against(
            ctx,
            realm,
            piece,
            (if_exists, reach),
            &mut exists,
            &mut found,
        )
        .await?;
    }
    if !found.is_empty() {
        found.finish();
        return Ok(Err(found));
    }
    let sample = rows.iter().zip(&exists).take(SAMPLE).map(sample).collect();
    Ok(Ok(Checked {
        rows,
        exists,
        sample,
        takes,
    }))
}

/// Everybody by themselves.
fn alone(realm: &Realm, rows: &[Row], reach: Reach, found: &mut Problems) -> Reach {
    let mut takes = Reach::default();
    for row in rows {
        for text in problems(&row.settings) {
            found.add(row.at, field_of(&text), text);
        }
        let roles = &row.settings.roles;
        match access::guarded_by(&realm.name, roles) {
            Some(Right::ManageServer) => takes.server = true,
            Some(_) => takes.realm = true,
            None => {}
        }
        if let Some(right) = reach.lacks(&realm.name, roles) {
            found.add(row.at, "roles", above(right));
        }
    }
    takes
}

/// Which field a sentence of the rules is about.
fn field_of(text: &str) -> &'static str {
    let fields = [
        ("a username", "username"),
        ("password_hash", "password_hash"),
        ("password and", "password_hash"),
        ("a password", "password"),
        ("a role", "roles"),
        ("the claim", "claims"),
        ("claims", "claims"),
    ];
    let named = fields.iter().find(|(start, _)| text.starts_with(start));
    named.map_or("", |(_, field)| field)
}

/// Why somebody's account or role is out of reach.
pub(super) fn above(right: Right) -> String {
    let role = match right {
        Right::ManageServer => "server-admin",
        _ => "realm-admin",
    };
    format!(
        "this is an administrator's role; only those who may give it may import it, which takes {role}"
    )
}

/// Everybody among each other.
fn among(rows: &[Row], found: &mut Problems) {
    let mut names: HashMap<String, u64> = HashMap::with_capacity(rows.len());
    let mut ids: HashMap<UserId, u64> = HashMap::new();
    for row in rows {
        if let Some(first) = names.insert(row.folded(), row.at) {
            let text = format!("this username stands in the file twice; first at {first}");
            found.add(row.at, "username", text);
        }
        if let Some(first) = row.id.and_then(|id| ids.insert(id, row.at)) {
            let text = format!("this id stands in the file twice; first at {first}");
            found.add(row.at, "id", text);
        }
    }
}

/// Some of them against those who are there.
async fn against(
    ctx: &Context,
    realm: &Realm,
    piece: &[Row],
    (if_exists, reach): (IfExists, Reach),
    exists: &mut Vec<bool>,
    found: &mut Problems,
) -> Result<(), Fault> {
    let named = there(ctx, realm, piece).await?;
    let ids: Vec<UserId> = named.iter().flatten().map(|(id, _)| *id).collect();
    let mut users = users(ctx, realm, &ids).await?.into_iter();
    for (row, named) in piece.iter().zip(named) {
        exists.push(named.is_some());
        let Some((_, by_name)) = named else { continue };
        let user = users.next().flatten();
        if !by_name {
            found.add(row.at, "id", ID_TAKEN);
        } else if if_exists == IfExists::Fail {
            let text = "somebody of this name is there already";
            found.add(row.at, "username", text);
        } else if if_exists == IfExists::Update
            && let Some(right) = user.and_then(|user| reach.lacks(&realm.name, &user.roles))
        {
            let text = format!(
                "somebody of this name is an administrator; {}",
                above(right)
            );
            found.add(row.at, "username", text);
        }
    }
    Ok(())
}

/// Why an id cannot be kept.
pub(super) const ID_TAKEN: &str = "another user of this realm has this id";

/// Who of these people is there already: their id, and whether it is their name that is there and not the id alone.
pub(super) async fn there(
    ctx: &Context,
    realm: &Realm,
    rows: &[Row],
) -> Result<Vec<Option<(UserId, bool)>>, Fault> {
    let names: Vec<_> = rows
        .iter()
        .map(|row| {
            let mut folded = row.folded();
            // A name that is too long is nobody's; it is refused by the rules.
            folded.truncate(folded.floor_char_boundary(LONGEST));
            key::username(realm.id, &folded)
        })
        .collect();
    let kept: Vec<UserId> = rows.iter().filter_map(|row| row.id).collect();
    let mut ids = users(ctx, realm, &kept).await?.into_iter();
    let mut there = Vec::with_capacity(rows.len());
    for (row, named) in rows.iter().zip(ctx.store.get_many(&names).await?) {
        let by_id = row.id.filter(|_| ids.next().flatten().is_some());
        let by_name = named.map(|record: Record| decode::<UserId>(&record.value, "username"));
        there.push(match (by_name.transpose()?, by_id) {
            (Some(id), _) => Some((id, true)),
            (None, Some(id)) => Some((id, false)),
            (None, None) => None,
        });
    }
    Ok(there)
}

const LONGEST: usize = crate::domain::user::store::LONGEST_FOLDED;

async fn users(ctx: &Context, realm: &Realm, ids: &[UserId]) -> Result<Vec<Option<User>>, Fault> {
    let keys: Vec<_> = ids.iter().map(|id| key::user(realm.id, *id)).collect();
    let read = ctx.store.get_many(&keys).await?.into_iter();
    read.map(|record| Ok(versioned::<User>(record, "user")?.map(|read| read.value)))
        .collect()
}

fn sample((row, exists): (&Row, &bool)) -> Sample {
    let settings = &row.settings;
    let claim = |name: &str| settings.claims.get(name).and_then(|v| v.as_str());
    Sample {
        at: row.at,
        username: settings.username.clone(),
        name: claim("name").unwrap_or_default().to_owned(),
        email: claim("email").unwrap_or_default().to_owned(),
        roles: settings.roles.clone(),
        password: settings.password.is_some() || settings.password_hash.is_some(),
        exists: *exists,
    }
}
