//! The sampler and the propagators, by the names of OpenTelemetry.

use super::reader::Reader;
use super::{ConfigProblem, list as v};
use crate::Sampler;
use crate::carrier::Propagators;

/// Reads the sampler and the ratio.
pub(super) fn sampler(reader: &mut Reader<'_>) -> Sampler {
    let ratio = reader.ratio(&v::SAMPLER_ARG);
    let (sampler, has_ratio) = named(reader, Sampler::ratio(ratio.unwrap_or(1.0))).unwrap_or_default();
    if ratio.is_some() && !has_ratio {
        let accepted = "OTEL_TRACES_SAMPLER=traceidratio or parentbased_traceidratio";
        reader.problem(ConfigProblem::without_effect(&v::SAMPLER_ARG, accepted));
    }
    sampler
}

/// Returns `true` if the variable names a sampler.
pub(super) fn is_named(reader: &mut Reader<'_>) -> bool {
    named(reader, Sampler::default()).is_some()
}

/// Reads the name of a sampler. Returns the sampler, and `true` for a sampler with the ratio of `by_ratio`.
fn named(reader: &mut Reader<'_>, by_ratio: Sampler) -> Option<(Sampler, bool)> {
    reader.one_of(
        &v::SAMPLER,
        &[
            ("always_on", (Sampler::ratio(1.0), false)),
            ("always_off", (Sampler::ratio(0.0), false)),
            ("traceidratio", (by_ratio, true)),
            ("parentbased_always_on", (Sampler::ratio(1.0).parent_based(), false)),
            ("parentbased_always_off", (Sampler::ratio(0.0).parent_based(), false)),
            ("parentbased_traceidratio", (by_ratio.parent_based(), true)),
        ],
    )
}

/// Reads the propagators. A list without a known name counts as unset.
pub(super) fn propagators(reader: &mut Reader<'_>) -> Propagators {
    let format = |name: &str| match name.to_ascii_lowercase().as_str() {
        "tracecontext" => Some(Propagators { tracecontext: true, ..Propagators::NONE }),
        "baggage" => Some(Propagators { baggage: true, ..Propagators::NONE }),
        "xray" => Some(Propagators { xray: true, ..Propagators::NONE }),
        "xray-lambda" => Some(Propagators { xray: true, xray_lambda: true, ..Propagators::NONE }),
        "correlation" => Some(Propagators { correlation: true, ..Propagators::NONE }),
        "none" => Some(Propagators::NONE),
        _ => None,
    };
    let both = |a: Propagators, b: Propagators| Propagators {
        tracecontext: a.tracecontext || b.tracecontext,
        baggage: a.baggage || b.baggage,
        xray: a.xray || b.xray,
        xray_lambda: a.xray_lambda || b.xray_lambda,
        correlation: a.correlation || b.correlation,
    };
    let formats = reader.items(&v::PROPAGATORS, format);
    formats.map_or_else(Propagators::default, |formats| formats.into_iter().fold(Propagators::NONE, both))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Env;

    fn read<T>(pairs: &[(&str, &str)], read: fn(&mut Reader<'_>) -> T) -> (T, Vec<String>) {
        let env = Env::from_pairs(pairs.iter().copied());
        let mut reader = Reader::new(&env);
        let value = read(&mut reader);
        (value, reader.finish().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_sampler_is_named_and_some_have_a_ratio() {
        for (name, arg, sampler) in [
            (None, None, Sampler::default()),
            (Some("always_off"), None, Sampler::ratio(0.0)),
            (Some("TraceIdRatio"), Some("0.25"), Sampler::ratio(0.25)),
            (Some("traceidratio"), None, Sampler::ratio(1.0)),
            (Some("parentbased_traceidratio"), Some("0"), Sampler::ratio(0.0).parent_based()),
        ] {
            let name = name.map(|name| ("OTEL_TRACES_SAMPLER", name));
            let arg = arg.map(|arg| ("OTEL_TRACES_SAMPLER_ARG", arg));
            let pairs: Vec<_> = name.into_iter().chain(arg).collect();
            assert_eq!(read(&pairs, super::sampler), (sampler, vec![]), "{pairs:?}");
        }
    }

    #[test]
    fn a_ratio_without_a_sampler_that_has_one_is_reported() {
        let arg = ("OTEL_TRACES_SAMPLER_ARG", "0.1");
        for named in [vec![arg], vec![arg, ("OTEL_TRACES_SAMPLER", "parentbased_always_on")]] {
            let problem = "OTEL_TRACES_SAMPLER_ARG is not used: it has an effect only with \
                           OTEL_TRACES_SAMPLER=traceidratio or parentbased_traceidratio";
            assert_eq!(read(&named, sampler), (Sampler::default(), vec![problem.to_owned()]), "{named:?}");
        }
    }

    #[test]
    fn propagators_are_a_list_of_names() {
        let some = Propagators { baggage: true, xray: true, xray_lambda: true, ..Propagators::NONE };
        for (list, formats, problems) in [
            ("baggage, XRay-Lambda", some, 0),
            ("b3", Propagators::default(), 1),
            ("none,b3", Propagators::NONE, 1),
            ("baggage,b3,xray-lambda,jaeger", some, 1),
        ] {
            let (read, reported) = read(&[("OTEL_PROPAGATORS", list)], propagators);
            assert_eq!((read, reported.len()), (formats, problems), "{list}");
        }
    }
}
