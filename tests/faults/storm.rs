//! Everything fails by chance while people change things; then calm returns, and the gauge says the truth.

use std::time::Duration;

use super::bench::{Bench, repairing};
use super::common::aws::Account;
use super::common::breaks::Break;
use super::proxy::{Calls, Fault, Mix};
use super::{Suite, scaled, seed};

/// The longest pause of a daemon that saw nothing for as long as a storm lasts, and what hung until its end.
const RECOVERY: Duration = Duration::from_mins(2);

pub(crate) fn add(suite: &mut Suite) {
    for number in 0..scaled(1, 6) {
        for mends in [false, true] {
            let name = format!(
                "storm::{number}_{}",
                if mends { "with_repairs" } else { "watching" }
            );
            let about = name.clone();
            suite.test(name, async move |account| {
                storm(&account, &about, mends).await;
            });
        }
    }
}

async fn storm(account: &Account, name: &str, mends: bool) {
    let mut random = fastrand::Rng::with_seed(seed(name));
    account.set_visibility_timeout(5).await;
    let settings = if mends {
        repairing(account)
    } else {
        String::new()
    };
    let bench = Bench::start(account, &settings).await;
    bench.proxy.storm(Mix {
        seed: random.u64(..),
        per_mille: random.u64(200..700),
        faults: Fault::all(),
    });
    let lasts = scaled(Duration::from_secs(20), Duration::from_mins(1));
    let begun = tokio::time::Instant::now();
    let mut present = None;
    while begun.elapsed() < lasts {
        match random.u8(..8) {
            0 => bench
                .proxy
                .fail(Calls::of("sqs").named("ReceiveMessage"), Fault::Hang),
            1 => bench.proxy.fail(Calls::of("logs"), Fault::Hang),
            2 => bench.proxy.fail(Calls::all(), Fault::Drop),
            3 => bench.proxy.clear(),
            _ => {}
        }
        if let Some(cut) = present.take() {
            bench.mend(cut).await;
        } else {
            let ways = [
                Break::DisableActions,
                Break::DeleteMetricFilter,
                Break::RaiseThreshold,
            ];
            let cut = *random.choice(&ways).expect("a way");
            bench.cut(cut).await;
            present = Some(cut);
        }
        tokio::time::sleep(Duration::from_millis(random.u64(100..3000))).await;
    }
    bench.proxy.calm();
    if mends {
        bench.daemon.until_compliant_within(1.0, RECOVERY).await;
        account.until_queue_is_empty(RECOVERY).await;
    } else {
        bench.settle(RECOVERY).await;
    }
    bench.audit();
}
