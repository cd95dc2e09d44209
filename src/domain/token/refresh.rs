//! The text of a refresh token: realm, family, generation, and a MAC under the master key. Nothing that is presented is
//! kept, and the successor can be handed out again without having been stored.

use crate::crypto;
use crate::domain::Context;
use crate::domain::id::{FamilyId, RealmId};

const FORMAT: u8 = 1;
const PURPOSE: &str = "refresh-token";

/// A refresh token whose MAC was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// Its realm.
    pub realm: RealmId,
    /// Its family.
    pub family: FamilyId,
    /// Its place in the family.
    pub generation: u32,
}

impl RefreshToken {
    /// Its text.
    pub fn text(&self, ctx: &Context) -> String {
        let body = self.body();
        let mut bytes = body.to_vec();
        bytes.extend_from_slice(&ctx.vault.mac(PURPOSE, &[&body]));
        crypto::b64(&bytes)
    }

    /// Reads a text; `None` unless this server made it.
    pub fn read(ctx: &Context, text: &str) -> Option<RefreshToken> {
        if text.len() > 128 {
            return None;
        }
        let bytes = crypto::unb64(text)?;
        let (body, mac) = bytes.split_at_checked(25)?;
        if !ctx.vault.made(mac, PURPOSE, &[body]) {
            return None;
        }
        let (format, rest) = body.split_first()?;
        let (realm, rest) = rest.split_first_chunk::<4>()?;
        let (family, generation) = rest.split_first_chunk::<16>()?;
        if *format != FORMAT {
            return None;
        }
        Some(RefreshToken {
            realm: RealmId(u32::from_be_bytes(*realm)),
            family: FamilyId::from_bytes(family)?,
            generation: u32::from_be_bytes(generation.try_into().ok()?),
        })
    }

    fn body(&self) -> [u8; 25] {
        let mut body = [0; 25];
        let parts = [
            &[FORMAT][..],
            &self.realm.0.to_be_bytes(),
            self.family.bytes(),
            &self.generation.to_be_bytes(),
        ];
        for (to, from) in body.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        body
    }
}
