use prometheus::{Error, GaugeVec, Registry};

use super::Metrics;
use super::register::kept;
use super::table;
use crate::snapshot::AccountId;

/// The gauge of the feed's wiring.
pub(super) fn register(registry: &Registry) -> Result<GaugeVec, Error> {
    let gauges = GaugeVec::new(table::WIRING_OK.opts(), &table::WIRING_OK.label_names())?;
    kept(registry, gauges)
}

impl Metrics {
    /// Sets how the wiring of the feed stands in a region; none: it was not seen.
    pub fn set_wiring_ok(&self, account: &AccountId, region: &str, is_right: Option<bool>) {
        let value = is_right.map_or(f64::NAN, |is_right| f64::from(u8::from(is_right)));
        let labels = [account.as_str(), region];
        self.incidents.wiring.with_label_values(&labels).set(value);
    }
}
