//! Fields on their way to a visitor.

use std::error::Error;
use std::fmt::Debug;

use tracing::field::{Field, Visit};

use super::masks;
use crate::redact::REDACTED;

/// The beginnings of the names of measuring fields.
const MEASUREMENTS: [&str; 4] = ["monotonic_counter.", "counter.", "histogram.", "gauge."];

/// Replaces the values of masked keys for another visitor. Masked values are not formatted.
pub(crate) struct Masked<'a>(pub(crate) &'a mut dyn Visit);

impl Masked<'_> {
    fn pass(&mut self, field: &Field, record: impl FnOnce(&mut dyn Visit)) {
        if masks(field.name()) { self.0.record_str(field, REDACTED) } else { record(self.0) }
    }

    /// Passes a number on. The field of a measurement has the name of an instrument, and the value is no secret.
    fn pass_number(&mut self, field: &Field, record: impl FnOnce(&mut dyn Visit)) {
        let is_measured = || MEASUREMENTS.iter().any(|prefix| field.name().starts_with(prefix));
        if masks(field.name()) && !is_measured() { self.0.record_str(field, REDACTED) } else { record(self.0) }
    }
}

impl Visit for Masked<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.pass_number(field, |visitor| visitor.record_f64(field, value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.pass_number(field, |visitor| visitor.record_i64(field, value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.pass_number(field, |visitor| visitor.record_u64(field, value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.pass_number(field, |visitor| visitor.record_i128(field, value));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.pass_number(field, |visitor| visitor.record_u128(field, value));
    }

    /// `has_password = true` tells no password.
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.record_bool(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.pass(field, |visitor| visitor.record_str(field, value));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.pass(field, |visitor| visitor.record_bytes(field, value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.pass(field, |visitor| visitor.record_error(field, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.pass(field, |visitor| visitor.record_debug(field, value));
    }
}
