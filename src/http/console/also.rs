//! Whom a name or an address finds where the list goes by username: "Keller" is nobody's username, and somebody's name.

use super::filter::{Filter, Tab};
use super::gate::Gate;
use super::pages::{AlsoFound, Empty, Person, SessionsList};
use super::rows::user_url;
use crate::domain::Fault;
use crate::domain::access::Right;
use crate::domain::session::{Query, of_user};
use crate::domain::user::{self, User};

/// People offered at most.
const OFFERED: usize = 6;
/// People looked at for them: not everybody is signed in.
const LOOKED_AT: usize = 12;
/// Sessions counted for one of them.
const COUNTED: usize = 20;

/// Those people, when a name is all that was asked for. Whoever may not see users is offered only whom the list of
/// sessions shows them anyway: by name, and signed in.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn found(gate: &Gate, filter: &Filter) -> Result<Vec<AlsoFound>, Fault> {
    let mut offered = Vec::new();
    if !filter.is_first() || !is_all_of_it(filter) || !could_be_a_name(&filter.q) {
        return Ok(offered);
    }
    let (ctx, realm, all) = (&gate.ctx, &gate.realm, gate.may(Right::ViewUsers));
    let people = user::beyond_username(ctx, realm, &filter.q, all, LOOKED_AT).await?;
    let mut absent = Vec::new();
    for user in people {
        if offered.len() == OFFERED {
            break;
        }
        // How many have ended is not counted: the list of them says it.
        let sessions = match filter.tab {
            Tab::Ended => None,
            Tab::Active | Tab::Idle => {
                Some(of_user::count_good(ctx, realm, user.id, COUNTED + 1).await?)
            }
        };
        match sessions {
            Some(0) if all => absent.push(one(gate, filter, &user, sessions)),
            Some(0) => {}
            _ => offered.push(one(gate, filter, &user, sessions)),
        }
    }
    offered.extend(absent);
    offered.truncate(OFFERED);
    Ok(offered)
}

/// The list for several words, which no username begins with: nobody, but for those people.
pub fn alone(mut list: SessionsList, filter: &Filter, also: &[AlsoFound]) -> SessionsList {
    list.empty = Some(Empty::NoMatch {
        query: filter.q.clone(),
        by_name: !also.is_empty(),
    });
    "No session found".clone_into(&mut list.results);
    list
}

/// Whether several words were typed and nothing that the search has a word for: a name, as people write it.
pub fn is_several_words(filter: &Filter) -> bool {
    is_all_of_it(filter) && filter.q.split_whitespace().count() > 1 && could_be_a_name(&filter.q)
}

/// Whether nothing but the search box narrows the list.
fn is_all_of_it(filter: &Filter) -> bool {
    filter
        .active()
        .iter()
        .all(|(field, _)| matches!(*field, "q" | "state"))
}

/// One letter finds too many to be a hint, unless it is of a script that writes names with one.
fn could_be_a_name(typed: &str) -> bool {
    let long_enough = typed.chars().count() > 1 || !typed.is_ascii();
    long_enough && !typed.contains([':', '<', '>'])
}

fn one(gate: &Gate, filter: &Filter, user: &User, sessions: Option<usize>) -> AlsoFound {
    let name = format!("user:{}", user.username);
    // The search would take a username with spaces in it for several terms.
    let reads = Query::parse(&name).is_ok() && !user.username.contains(char::is_whitespace);
    let of_them = Filter {
        q: name,
        tab: match filter.tab {
            Tab::Ended => Tab::Ended,
            Tab::Active | Tab::Idle => Tab::Active,
        },
        sort: String::new(),
        ..filter.clone()
    };
    AlsoFound {
        person: Person::new(user.display_name(), &user.username),
        sessions: sessions.map(|n| (n.min(COUNTED) as u64, n <= COUNTED)),
        url: match sessions {
            None | Some(1..) if reads => Some(of_them.address(gate).to_string()),
            _ => user_url(gate, user.id),
        },
    }
}
