//! Subjects: identifiers (RFC 9493) and the requests that add and remove them (SSF 1.0 §8.1.3).

use serde_json::Value;

use super::{Members, Unread};
use crate::domain::id::StreamId;
use crate::domain::ssf::subjects::{Simple, Subject};

/// Reads a request that adds or removes a subject. The stream is `None` when no stream can have this id.
///
/// # Errors
/// [`Unread`] says what was expected.
pub fn request(body: &[u8]) -> Result<(Option<StreamId>, Subject), Unread> {
    let mut members = Members::read(body)?;
    let id = members.id("stream_id")?;
    let value = members
        .take("subject")
        .ok_or_else(|| Unread("subject is missing".to_owned()))?;
    Ok((id, read(value)?))
}

/// Reads a subject identifier.
///
/// # Errors
/// [`Unread`] says what was expected.
pub fn read(value: Value) -> Result<Subject, Unread> {
    let mut members = Members::of("subject", value)?;
    let format = format(&mut members, "subject")?;
    if format != "complex" {
        return simple("subject", &format, &mut members).map(Subject::Simple);
    }
    let mut part = |name: &'static str| -> Result<Option<Simple>, Unread> {
        let Some(value) = members.take(name) else {
            return Ok(None);
        };
        let mut inner = Members::of(name, value)?;
        let format = self::format(&mut inner, name)?;
        simple(name, &format, &mut inner).map(Some)
    };
    let (user, session, tenant) = (part("user")?, part("session")?, part("tenant")?);
    let others = ["device", "application", "group", "org_unit"];
    if let Some(other) = others
        .into_iter()
        .find(|name| members.0.contains_key(*name))
    {
        return Err(Unread(format!(
            "a complex subject has user, session and tenant here; {other} is not known"
        )));
    }
    if user.is_none() && session.is_none() {
        return Err(Unread(
            "a complex subject names a user, a session or both".to_owned(),
        ));
    }
    Ok(Subject::Complex {
        user,
        session,
        tenant,
    })
}

fn format(members: &mut Members, name: &str) -> Result<String, Unread> {
    members
        .text("format")?
        .ok_or_else(|| Unread(format!("{name}.format is missing")))
}

fn simple(name: &str, format: &str, members: &mut Members) -> Result<Simple, Unread> {
    let mut need = |member: &str| -> Result<String, Unread> {
        let text = members.text(member)?;
        text.filter(|text| !text.is_empty() && text.len() <= LONGEST)
            .ok_or_else(|| {
                Unread(format!(
                    "{name}.{member} must be text of 1 to {LONGEST} bytes for the format {format}"
                ))
            })
    };
    match format {
        "iss_sub" => Ok(Simple::IssSub {
            iss: need("iss")?,
            sub: need("sub")?,
        }),
        "email" => {
            let email = need("email")?;
            // RFC 9493 §3.2.2: an addr-spec. More is the mail server's to say.
            if email.split('@').filter(|part| !part.is_empty()).count() < 2 {
                return Err(Unread::expected("email", "an address"));
            }
            Ok(Simple::Email(email))
        }
        "opaque" => Ok(Simple::Opaque(need("id")?)),
        _ => Err(Unread(format!(
            "{name}.format must be iss_sub, email or opaque, or complex for the whole subject"
        ))),
    }
}

const LONGEST: usize = 1000;
