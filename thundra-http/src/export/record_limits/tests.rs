use thundra_core::export::ExportErrorKind;
use thundra_core::{Records, Scope};

use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const LIMITS: RecordLimits = RecordLimits {
    request_bytes: 50_000,
    bytes_beside_record: 0,
    records: 10,
    record_bytes: 2_000,
    resource_bytes: 1_000,
    age: Duration::from_secs(14 * 24 * 60 * 60),
    ahead: Duration::from_secs(2 * 60 * 60),
    spread: DAY,
};

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

/// Returns a batch of spans with the given lengths and starts.
fn batch(spans: &[(usize, SystemTime)]) -> Batch {
    let mut records = Records::default();
    for (bytes, start) in spans {
        let scope = Scope::builder("work").attribute("text", "x".repeat(*bytes)).start_time(*start);
        records.append(scope.begin().finish()).unwrap();
    }
    Batch::new(Arc::new(Resource::new([(SERVICE_NAME.to_owned(), "orders".into())])), records)
}

fn fit(batch: &Batch, limits: RecordLimits) -> Result<Fitting, ExportErrorKind> {
    limits.fit(batch, now(), &OnceLock::new()).map_err(|error| error.kind())
}

#[test]
fn records_over_a_limit_of_their_own_are_counted_and_the_others_are_sent() {
    let fits = (10, now());
    for (spans, sent, unfit, why) in [
        (&[fits, fits][..], 2, (0, 0, 0), "all fit"),
        (&[fits, (3_000, now())], 1, (1, 0, 0), "a long one"),
        (&[(10, now() - 15 * DAY), fits], 1, (0, 1, 0), "an old one"),
        (&[(10, now() - 13 * DAY)], 1, (0, 0, 0), "an age within the limit"),
        (&[(10, now() + Duration::from_secs(3 * 60 * 60)), fits], 1, (0, 0, 1), "one from the future"),
        (&[(3_000, now()), (3_000, now() - 15 * DAY)], 0, (2, 0, 0), "none fits"),
    ] {
        let fitting = fit(&batch(spans), LIMITS).unwrap();
        assert_eq!(fitting.batch.map_or(0, |batch| batch.count()), sent, "{why}");
        let (too_large, too_old, ahead) = unfit;
        assert_eq!(fitting.unfit, Unfit { too_large, too_old, ahead }, "{why}");
    }
}

#[test]
fn a_batch_over_a_limit_of_requests_is_sent_in_parts() {
    let (fits, old) = ((10, now()), (10, now() - 2 * DAY));
    for (spans, limits, divided, why) in [
        (vec![fits; 10], LIMITS, false, "as many as a request takes"),
        (vec![fits; 11], LIMITS, true, "too many"),
        (vec![fits; 10], RecordLimits { request_bytes: 1_000, ..LIMITS }, true, "too many bytes"),
        (
            vec![fits; 10],
            RecordLimits { bytes_beside_record: 10_000, ..LIMITS },
            true,
            "too many bytes with the extra ones",
        ),
        (vec![fits, old], LIMITS, true, "too far apart"),
        (vec![old], LIMITS, false, "one alone"),
    ] {
        let result = fit(&batch(&spans), limits).map(|_| ());
        assert_eq!(result, if divided { Err(ExportErrorKind::TooLarge) } else { Ok(()) }, "{why}");
    }
}

#[test]
fn a_long_resource_loses_its_longest_attributes_and_keeps_the_name() {
    let attribute = |key: &str, bytes| (key.to_owned(), "x".repeat(bytes).into());
    let resource = Resource::new([attribute("long", 900), attribute(SERVICE_NAME, 700), attribute("short", 20)]);
    let spans = batch(&[(10, now())]).with_resource(Arc::new(resource));
    let short = OnceLock::new();
    for _ in 0..2 {
        let fitting = LIMITS.fit(&spans, now(), &short).unwrap().batch.unwrap();
        let keys: Vec<_> = fitting.resource().attributes().iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!((keys, fitting.count()), (vec![SERVICE_NAME, "short"], 1));
        assert!(fitting.request_len(0) <= LIMITS.resource_bytes);
    }
}

#[test]
fn what_does_not_fit_adds_to_what_is_rejected_by_reason() {
    use LossReason::{PartialSuccess, TooLarge, TooOld};
    let unfit = Unfit { too_large: 1, too_old: 2, ahead: 0 };
    for (sent, lost, reason, others, why) in [
        (Ok(()), 3, TooLarge, &[(TooOld, 2)][..], "the others arrived"),
        (Err(ExportError::partial(4, "x")), 7, PartialSuccess, &[(TooLarge, 1), (TooOld, 2)], "some were rejected"),
    ] {
        let error = unfit.added_to(sent).unwrap_err();
        assert!(matches!(error.kind(), ExportErrorKind::Partial { lost: all, .. } if all == lost), "{why}: {error}");
        assert_eq!((error.loss_reason(), error.others_lost()), (reason, others), "{why}");
    }
    let later = unfit.added_to(Err(ExportError::retryable("later"))).unwrap_err();
    assert_eq!((later.kind(), later.others_lost()), (ExportErrorKind::Retryable, &[][..]));
    assert!(Unfit::default().added_to(Ok(())).is_ok());
}
