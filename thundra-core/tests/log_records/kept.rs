//! Log records that are more detailed than the written lines.

use thundra_core::propagation::{Inbound, Propagators, Trust};
use thundra_core::{Scope, Unfinished};
use tracing::{debug, info};

use super::{bodies, recorded, through_both};

const BUFFER: &[(&str, &str)] = &[("THUNDRA_LOG_BUFFER", "4KiB")];

#[test]
fn kept_records_come_out_when_the_scope_fails() {
    through_both(BUFFER, |config, process| {
        let (records, _) = recorded(config, process, |_| {
            debug!("a detail");
            info!("written");
        });
        assert_eq!(bodies(&records), ["written"]);
        let (records, _) = recorded(config, process, |scope| {
            debug!("a detail");
            info!("written");
            tracing::info_span!("inside").in_scope(|| debug!("inside"));
            debug!(target: "hyper", "of a library");
            scope.set_error("declined", "declined");
            debug!("at once");
        });
        assert_eq!(bodies(&records), ["written", "a detail", "inside", "at once"]);
        let [written, detail, inside, at_once] = &records[..] else { panic!("four records") };
        assert!(detail.time_unix_nano < written.time_unix_nano, "each has its own time");
        assert!(detail.span_id == written.span_id && inside.span_id != written.span_id, "and its own span");
        assert_eq!((&detail.trace_id, &detail.attributes.len()), (&at_once.trace_id, &at_once.attributes.len()));
    });
}

#[test]
fn evicted_records_are_reported() {
    through_both(BUFFER, |config, process| {
        let (records, _) = recorded(config, process, |scope| {
            (0..100).for_each(|n| debug!(n, "line"));
            scope.set_error("declined", "declined");
        });
        let reports: Vec<_> = records.iter().filter(|record| record.severity_text == "WARN").collect();
        assert_eq!(reports.len(), 1, "{:?}", bodies(&records));
        assert!((10..100).contains(&records.len()), "{}", records.len());
    });
}

#[test]
fn kept_records_come_out_before_the_end_of_the_scope() {
    through_both(BUFFER, |config, process| {
        let scope = Scope::builder("root").begin_with(config);
        scope.enter(|| {
            debug!("a detail");
            let nested = Scope::builder("nested").nested().begin_with(config);
            nested.enter(|| debug!("nested"));
            let ending = Unfinished { error_type: "timeout", description: "still running", root: &[] };
            let (mut records, _) = process.flush(scope.take_unfinished(&ending));
            records.sort_by_key(|record| record.time_unix_nano);
            assert_eq!(bodies(&records), ["a detail", "nested"]);
            nested.finish();
        });
        let (records, _) = process.flush(scope.finish());
        assert_eq!(bodies(&records), [""; 0], "once");
    });
}

#[test]
fn a_scope_with_debug_logs_has_detailed_records() {
    through_both(&[], |config, process| {
        for (switch, expected) in [("true", &["a detail", "written"][..]), ("false", &["written"])] {
            let caller = Inbound::extract([("debug-log-enabled", switch)], Propagators::default(), Trust::Full);
            let scope = Scope::builder("root").parent(caller).begin_with(config);
            scope.enter(|| {
                debug!("a detail");
                info!("written");
            });
            let (records, _) = process.flush(scope.finish());
            assert_eq!(bodies(&records), expected, "{switch}");
        }
    });
}
