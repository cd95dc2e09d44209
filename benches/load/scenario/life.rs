//! Waiting, stopping, starting.

use std::time::Duration;

use crate::load::drive::Measured;
use crate::load::lab::Lab;
use crate::load::report::Row;

pub(super) async fn idle(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    // What starting stirred up has settled by then.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = lab.target.cpu();
    tokio::time::sleep(lab.span).await;
    let cpu = before
        .zip(lab.target.cpu())
        .map(|(before, after)| after - before);
    let measured = Measured {
        seconds: lab.span.as_secs_f64(),
        cpu,
        rss: lab.target.rss(),
        ..Measured::default()
    };
    Ok(vec![lab.row("idle", measured)])
}

pub(super) async fn restart(lab: &mut Lab) -> anyhow::Result<Vec<Row>> {
    let mut latencies = Vec::new();
    let mut remarks = Vec::new();
    for _ in 0..3 {
        let (stopped, ready) = lab.restart().await?;
        latencies.push(u32::try_from(ready.as_micros())?);
        remarks.push(format!(
            "stopped in {:.2} s, ready in {:.2} s",
            stopped.as_secs_f64(),
            ready.as_secs_f64()
        ));
    }
    latencies.sort_unstable();
    let measured = Measured {
        latencies,
        rss: lab.target.rss(),
        cpu: lab.target.cpu(),
        ..Measured::default()
    };
    let mut row = lab.row("restart (time to ready)", measured);
    row.remarks = remarks;
    Ok(vec![row])
}
