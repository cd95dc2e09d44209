//! An invented month for the charts: weekdays and nights, a morning's rush, an app that was down for an evening.

use crate::domain::pulse::{self, Counts, FINE, Failure, Held, SLOT, Told, floor};
use crate::domain::realm::Realm;
use crate::domain::signout::Reason;
use crate::domain::time::{Span, Timestamp};
use crate::domain::{Context, Fault};
use crate::store::Batch;

use crate::cli::fill::pick;

/// How far back it goes.
const MONTH: Span = Span::days(30);
const HOUR: Span = Span::hours(1);

/// Writes what would have been counted in a realm that holds so many sessions.
///
/// # Errors
/// [`Fault`] when the store fails.
pub(super) async fn invent(ctx: &Context, realm: &Realm, sessions: u64) -> Result<(), Fault> {
    let now = ctx.now();
    let fine = floor(now.minus(FINE), HOUR);
    let mut batch = Batch::new();
    let mut at = floor(now.minus(MONTH), HOUR);
    while at.plus(SLOT) <= now {
        let length = if at < fine { HOUR } else { SLOT };
        // What has begun is being counted for real.
        if at.plus(length) <= now {
            pulse::write(
                realm.id,
                (at, length),
                INVENTED,
                &counts(at, length, sessions),
                &mut batch,
            )?;
        }
        if batch.len() >= 200 {
            ctx.commit(std::mem::take(&mut batch)).await?;
        }
        at = at.plus(length);
    }
    if !batch.is_empty() {
        ctx.commit(batch).await?;
    }
    Ok(())
}

/// The node that would have counted it.
const INVENTED: &str = "keep-1";

/// What happens in a stretch of time, in a realm that holds so many sessions at noon.
fn counts(at: Timestamp, length: Span, sessions: u64) -> Counts {
    let busy = busy(at);
    let chance = pick(at.0 / SLOT.0);
    // Between 85 and 115 of a hundred.
    let about = 85 + chance % 31;
    let slots = length.0 / SLOT.0;
    // So many of a thousand sessions in five minutes of a full hour; a part of one is one now and then.
    let arrivals = |per_mille: u64| {
        let (all, of) = (sessions * busy * per_mille * slots * about, 10_000_000_000);
        all / of + u64::from(pick(chance ^ per_mille) % of < all % of)
    };
    let mut counts = Counts {
        sign_ins: arrivals(7000),
        ..Counts::default()
    };
    for (why, per_mille) in [
        (Failure::Credentials, 410),
        (Failure::Blocked, 28),
        (Failure::Throttled, 17),
    ] {
        let failed = arrivals(per_mille);
        if failed > 0 {
            counts.fail(why, failed);
        }
    }
    // A few minutes of somebody guessing passwords, now and then.
    if chance.is_multiple_of(97) {
        counts.fail(Failure::Credentials, 8 + sessions / 400);
        counts.fail(Failure::Throttled, 20 + sessions / 200);
    }
    for (reason, per_mille) in [
        (Reason::User, 2150),
        (Reason::RpLogout, 830),
        (Reason::Idle, 3010),
        (Reason::Expired, 640),
        (Reason::SessionLimit, 61),
        (Reason::PasswordChanged, 43),
    ] {
        let ended = arrivals(per_mille);
        if ended > 0 {
            counts.end(reason, ended);
        }
    }
    if chance.is_multiple_of(61) {
        counts.end(Reason::Admin, 1 + chance % 9 + sessions / 900);
    }
    let evening = (at.0 / 86_400_000) % 9 == 3 && (18..22).contains(&hour(at));
    let told = counts.sessions_ended() * 2;
    for part in 0..8u64 {
        let spread = pick(chance ^ part) % 100;
        let took = match (spread, evening) {
            (_, true) if part < 2 => 600_000 + spread * 20_000,
            (0..70, _) => 15 + spread,
            (70..95, _) => 90 + spread * 3,
            _ => 380 + (spread - 95) * 60,
        };
        let notices = told / 8 + u64::from(part < told % 8);
        if notices > 0 {
            counts.tell(Told::Confirmed(Span(took)), notices);
        }
    }
    if evening {
        counts.tell(Told::Retrying, told / 2);
    }
    let held = sessions * (20 + busy * 80 / 100) * (97 + chance % 7) / 10_000;
    counts.hold(Held {
        at,
        sessions: held,
        people: held * 62 / 100,
        waiting: if evening {
            told / 3
        } else {
            u64::from(chance.is_multiple_of(7))
        },
    });
    counts
}

fn hour(at: Timestamp) -> u64 {
    at.0 / HOUR.0 % 24
}

/// How much of a full working hour it is, in hundredths.
fn busy(at: Timestamp) -> u64 {
    const DAY: [u64; 24] = [
        4, 3, 2, 2, 3, 6, 18, 46, 88, 100, 96, 90, 74, 86, 94, 90, 80, 58, 36, 24, 18, 14, 10, 6,
    ];
    let now = DAY
        .get(usize::try_from(hour(at)).unwrap_or(0))
        .unwrap_or(&0);
    let next = DAY
        .get(usize::try_from((hour(at) + 1) % 24).unwrap_or(0))
        .unwrap_or(&0);
    let part = at.0 % HOUR.0 * 100 / HOUR.0;
    let busy = (now * (100 - part) + next * part) / 100;
    // 1 January 1970 was a Thursday.
    match (at.0 / 86_400_000 + 4) % 7 {
        0 | 6 => busy * 3 / 5,
        _ => busy,
    }
}
