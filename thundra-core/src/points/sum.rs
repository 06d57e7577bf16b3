//! Sums, exact for whole numbers.

use super::instrument::Number;

/// A sum of whole numbers and floating-point numbers. Whole numbers stay exact in any order. Nothing overflows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sum {
    whole: i128,
    /// The sum of floating-point numbers; `None` before the first.
    fractional: Option<f64>,
}

impl Sum {
    #[inline]
    pub(super) fn add(&mut self, value: Number) {
        match value {
            Number::I64(value) => self.whole = self.whole.saturating_add(value.into()),
            Number::U64(value) => self.whole = self.whole.saturating_add(value.into()),
            // Two finite numbers may add up to infinity, and infinity would spoil every later sum.
            Number::F64(value) => {
                self.fractional = Some((self.fractional.unwrap_or(0.0) + value).clamp(f64::MIN, f64::MAX));
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Sum) {
        self.whole = self.whole.saturating_add(other.whole);
        if let Some(fractional) = other.fractional {
            self.add(Number::F64(fractional));
        }
    }

    /// Returns the sum. A whole number outside of OTLP's range is a floating-point number.
    pub(crate) fn total(&self) -> Number {
        match (self.fractional, i64::try_from(self.whole)) {
            (None, Ok(whole)) => Number::I64(whole),
            (fractional, _) => {
                let total = self.whole as f64 + fractional.unwrap_or(0.0);
                Number::F64(total.clamp(f64::MIN, f64::MAX))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_stay_exact_and_never_overflow() {
        let mut sum = Sum::default();
        for value in [Number::U64(u64::MAX), Number::I64(i64::MIN), Number::I64(i64::MIN), Number::I64(3)] {
            sum.add(value);
        }
        assert_eq!(sum.total(), Number::I64(2));
        sum.add(Number::U64(u64::MAX));
        assert_eq!(sum.total(), Number::F64(u64::MAX as f64 + 2.0), "over OTLP's range");
    }

    #[test]
    fn one_fractional_number_makes_the_sum_fractional() {
        let mut sum = Sum::default();
        sum.add(Number::I64(1));
        let mut other = Sum::default();
        other.add(Number::F64(0.5));
        sum.merge(&other);
        assert_eq!(sum.total(), Number::F64(1.5));
    }
}
