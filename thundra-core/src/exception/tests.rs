use std::fmt::Debug;

use super::*;

/// An error with a text and a source.
#[derive(Debug)]
struct Link(String, Option<Box<Link>>);

impl Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Link {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|source| source as _)
    }
}

fn chain<'a>(texts: impl DoubleEndedIterator<Item = &'a str>) -> Link {
    texts.rev().fold(None, |source, text| Some(Link(text.to_owned(), source.map(Box::new)))).unwrap()
}

fn message_of(exception: &Exception) -> String {
    exception.shown().message.into_owned()
}

#[test]
fn sources_follow_the_message() {
    for (texts, shown, why) in [
        (&["order failed", "no route to host"][..], "order failed: no route to host", "a source"),
        (&["a: b", "b"], "a: b", "a message with its source"),
        (&["a", "", "c"], "a: c", "a source without text"),
        (&["a", "a"], "a", "a wrapper that repeats"),
        (&["", "b"], "b", "a wrapper without text"),
        (&["a", "GET http://u:s3cr3t@h/x?q=1"], "a: GET http://REDACTED@h/x?REDACTED", "a source with an address"),
    ] {
        let error = chain(texts.iter().copied());
        assert_eq!(message_of(&Exception::of(&error)), shown, "{why}");
        let boxed: Box<dyn Error + Send + Sync> = Box::new(error);
        assert_eq!(message_of(&Exception::of_value(&boxed)), shown, "boxed: {why}");
        assert_eq!(message_of(&Exception::new("", texts[0]).caused_by(&texts[1..])), shown, "given: {why}");
    }
}

#[test]
fn a_chain_is_bounded_in_depth_and_length() {
    let deep = (0..20).map(|n| format!("cause {n}")).collect::<Vec<_>>();
    let deep = message_of(&Exception::of(&chain(deep.iter().map(String::as_str))));
    assert!(deep.ends_with("cause 7: cause 8"), "{deep}");
    let long = "é".repeat(60_000);
    let long = message_of(&Exception::of(&chain([long.as_str(), "more"].into_iter())));
    assert_eq!(long.len(), MAX_MESSAGE_BYTES);
    // A credential at the place of the cut.
    let before = "x".repeat(MAX_MESSAGE_BYTES - 12);
    let cut = message_of(&Exception::new("", format!("{before} http://u:s3cr3t@host")));
    assert!(!cut.contains("s3c"), "{}", &cut[cut.len() - 20..]);
}

#[test]
fn the_type_is_named_where_it_is_known() {
    fn of<E: Display + 'static>(error: E) -> String {
        Exception::of_value(&error).error_type().to_owned()
    }
    let number = || "x".parse::<u8>().unwrap_err();
    assert_eq!(of(number()), "core::num::error::ParseIntError");
    assert_eq!(of(Box::<dyn Error + Send + Sync>::from(number())), "ParseIntError");
    assert_eq!(of(Box::<dyn Error>::from("a text")), "Error");
    assert_eq!(of("a text"), "Error");
    assert_eq!(of(Box::<dyn Error>::from(std::io::Error::other("disk"))), "std::io::error::Error");
    assert_eq!(of(std::io::Error::other(number())), "std::io::error::Error");
}

#[test]
fn an_error_that_cannot_be_formatted_is_an_exception_all_the_same() {
    struct Broken;
    impl Debug for Broken {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("no Debug")
        }
    }
    impl Display for Broken {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("no Display")
        }
    }
    impl Error for Broken {}
    assert_eq!(Exception::of(&Broken), Exception::new("Error", PANICKED));
    assert_eq!(message_of(&Exception::of_value(&Broken)), PANICKED);
    struct Fails;
    impl Display for Fails {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half a ")?;
            Err(fmt::Error)
        }
    }
    assert_eq!(message_of(&Exception::of_value(&Fails)), "half a ");
}

#[test]
fn a_panic_has_its_message() {
    for (payload, shown) in [
        (Box::new("a text") as Box<dyn Any + Send>, "panicked: a text"),
        (Box::new("a String".to_owned()), "panicked: a String"),
        (Box::new(7), "panicked: with no message"),
    ] {
        assert_eq!(Exception::panic(&*payload), Exception::new("panic", shown));
    }
}
