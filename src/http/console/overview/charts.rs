//! The charts of the overview: which numbers, how they are drawn, and what the tables say.

use crate::domain::pulse::{Bucket, Counts, Failure, Window};
use crate::domain::signout::reason::Initiator;
use crate::domain::time::{Span, Timestamp};
use crate::http::console::pages::chart::{Chart, Panel, Scale, Series, bars, line, panel};
use crate::http::console::pages::{Moment, counted, grouped};
use crate::http::console::words;

/// A number of a stretch.
type Value = Option<u64>;

/// What the charts have in common.
struct Look<'a> {
    now: Timestamp,
    window: Window,
    buckets: &'a [Bucket],
}

/// All charts.
pub(super) fn of(now: Timestamp, window: Window, buckets: &[Bucket]) -> Vec<Chart> {
    let look = Look {
        now,
        window,
        buckets,
    };
    vec![
        look.sessions(),
        look.sign_ins(),
        look.ended(),
        look.deliveries(),
    ]
}

impl Look<'_> {
    fn values(&self, of: impl Fn(&Counts) -> Value) -> Vec<Value> {
        self.buckets.iter().map(|b| of(&b.counts)).collect()
    }

    fn sum(&self, of: impl Fn(&Counts) -> u64) -> u64 {
        self.buckets.iter().map(|b| of(&b.counts)).sum()
    }

    /// A chart with these panels and, of each stretch, these cells.
    fn chart(
        &self,
        (id, title, about): (&'static str, &'static str, String),
        panels: Vec<Panel>,
        columns: &[&str],
        cells: impl Fn(&Counts) -> Vec<String>,
    ) -> Chart {
        let rows = self.buckets.iter().rev();
        Chart {
            id,
            title,
            about,
            panels,
            ticks: self.ticks(),
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            rows: rows
                .map(|b| (self.moment(b.from), cells(&b.counts)))
                .collect(),
        }
    }

    fn moment(&self, at: Timestamp) -> Moment {
        words::moment(self.now, at)
    }

    /// The beginnings of the four quarters.
    fn ticks(&self) -> Vec<String> {
        let quarter = (self.buckets.len() / 4).max(1);
        let begins = self.buckets.iter().step_by(quarter).take(4);
        begins
            .map(|bucket| match self.window {
                Window::Day => words::hour(bucket.from),
                Window::Week => words::weekday(bucket.from),
                Window::Month => words::day(bucket.from),
            })
            .collect()
    }

    fn panel(&self, label: String, scale: Scale, series: Vec<Series>) -> Panel {
        panel(label, scale, self.buckets.len(), series)
    }

    fn sessions(&self) -> Chart {
        let sessions = self.values(|c| c.held.map(|held| held.sessions));
        let people = self.values(|c| c.held.map(|held| held.people));
        let scale = Scale::over(sessions.iter().chain(&people));
        let most = |values: &[Value]| values.iter().flatten().max().copied().unwrap_or(0);
        let label = format!(
            "At most {} of {} at once",
            counted(most(&sessions), "session", "sessions"),
            counted(most(&people), "person", "people")
        );
        let drawn = vec![
            line("Sessions", "one", &sessions, scale),
            line("People", "two", &people, scale),
        ];
        self.chart(
            (
                "chart-sessions",
                "Active sessions and people",
                format!("at most {}", grouped(most(&sessions))),
            ),
            vec![self.panel(label, scale, drawn)],
            &["Sessions", "People"],
            |c| {
                let (sessions, people) = (
                    c.held.map(|held| held.sessions),
                    c.held.map(|held| held.people),
                );
                vec![known(sessions), known(people)]
            },
        )
    }

    fn sign_ins(&self) -> Chart {
        let good = self.values(|c| Some(c.sign_ins));
        let bad = self.values(|c| Some(c.failed()));
        let (all, failed) = (self.sum(|c| c.sign_ins), self.sum(Counts::failed));
        let columns: Vec<&str> = std::iter::once("Sign-ins")
            .chain(Failure::ALL.iter().map(|why| why.words()))
            .collect();
        self.chart(
            (
                "chart-sign-ins",
                "Sign-ins and refusals",
                format!("{} in, {} refused", grouped(all), grouped(failed)),
            ),
            vec![
                self.bars(("Sign-ins", "one"), &good),
                self.bars(("Refused sign-ins", "bad"), &bad),
            ],
            &columns,
            |c| {
                let of = |why: &Failure| {
                    let found = c.failures.iter().find(|(known, _)| known == why);
                    grouped(found.map_or(0, |(_, count)| *count))
                };
                std::iter::once(grouped(c.sign_ins))
                    .chain(Failure::ALL.iter().map(of))
                    .collect()
            },
        )
    }

    fn ended(&self) -> Chart {
        let by = |c: &Counts, who: Initiator| {
            let of = c.ended.iter().filter(|(why, _)| why.initiator() == who);
            of.map(|(_, count)| *count).sum::<u64>()
        };
        let panels = Initiator::ALL
            .into_iter()
            .map(|who| {
                let tone = match who {
                    Initiator::Admin => "bad",
                    Initiator::User => "one",
                    Initiator::Policy => "wait",
                    Initiator::System => "two",
                };
                self.bars((by_whom(who), tone), &self.values(|c| Some(by(c, who))))
            })
            .collect();
        // Only reasons that there were: a column for each of all would be wider than what it says.
        let mut reasons = Vec::new();
        for (reason, _) in self.buckets.iter().flat_map(|b| &b.counts.ended) {
            if !reasons.contains(reason) {
                reasons.push(*reason);
            }
        }
        reasons.sort_by_key(|reason| reason.as_str());
        let columns: Vec<&str> = std::iter::once("All")
            .chain(reasons.iter().map(|reason| reason.text()))
            .collect();
        self.chart(
            (
                "chart-ended",
                "Sessions ended, by whom",
                format!("{} ended", grouped(self.sum(Counts::sessions_ended))),
            ),
            panels,
            &columns,
            |c| {
                let of = |reason| {
                    let found = c.ended.iter().find(|(known, _)| known == reason);
                    grouped(found.map_or(0, |(_, count)| *count))
                };
                std::iter::once(grouped(c.sessions_ended()))
                    .chain(reasons.iter().map(of))
                    .collect()
            },
        )
    }

    fn deliveries(&self) -> Chart {
        let half = self.values(|c| c.confirmed.percentile(50).map(|took| took.0));
        let most = self.values(|c| c.confirmed.percentile(95).map(|took| took.0));
        let waiting = self.values(|c| c.held.map(|held| held.waiting));
        let slowest = most.iter().flatten().max().copied().unwrap_or(0);
        let top = powers_of_ten()
            .find(|top| *top >= slowest)
            .unwrap_or(SLOWEST);
        let scale = Scale::Log(FASTEST, top);
        let mut times = self.panel(
            format!(
                "Half of the confirmations and 95 of 100 of them, by how long they took: at most {}",
                words::brief(Span(slowest))
            ),
            scale,
            vec![
                line("95 of 100 within", "one", &most, scale),
                line("Half within", "two", &half, scale),
            ],
        );
        times.top = words::brief(Span(top));
        times.bottom = words::brief(Span(FASTEST));
        let confirmed = self.sum(|c| c.confirmed.count());
        self.chart(
            (
                "chart-deliveries",
                "Telling apps: how long it takes, and what waits",
                format!("{} confirmed", grouped(confirmed)),
            ),
            vec![
                times,
                self.bars(("Deliveries waiting, at most at once", "wait"), &waiting),
            ],
            &[
                "Confirmed",
                "Half within",
                "95 of 100 within",
                "Refused",
                "Tried again",
                "Given up",
                "Waiting",
            ],
            |c| {
                let within = |percent| {
                    let took = c.confirmed.percentile(percent);
                    took.map_or("–".to_owned(), words::brief)
                };
                vec![
                    grouped(c.confirmed.count()),
                    within(50),
                    within(95),
                    grouped(c.rejected),
                    grouped(c.retried),
                    grouped(c.gave_up),
                    known(c.held.map(|held| held.waiting)),
                ]
            },
        )
    }

    /// A panel of one row of bars.
    fn bars(&self, (name, tone): (&str, &'static str), values: &[Value]) -> Panel {
        let scale = Scale::over(values);
        let all: u64 = values.iter().flatten().sum();
        let most = values.iter().flatten().max().copied().unwrap_or(0);
        let label = format!(
            "{name}: {} in all, at most {} in a stretch",
            grouped(all),
            grouped(most)
        );
        self.panel(label, scale, vec![bars(name, tone, values, scale)])
    }
}

/// The ends of the scale of times: ten milliseconds, a day.
const FASTEST: u64 = 10;
const SLOWEST: u64 = 100_000_000;

fn powers_of_ten() -> impl Iterator<Item = u64> {
    std::iter::successors(Some(1000), |n: &u64| n.checked_mul(10))
}

fn known(value: Value) -> String {
    value.map_or("–".to_owned(), grouped)
}

fn by_whom(who: Initiator) -> &'static str {
    match who {
        Initiator::Admin => "By an administrator",
        Initiator::User => "By the people themselves",
        Initiator::Policy => "By a rule of the realm",
        Initiator::System => "Ran out by themselves",
    }
}
