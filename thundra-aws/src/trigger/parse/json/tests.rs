use proptest::prelude::*;
use serde_json::Value as Json;
use thundra_core::testing::assert_linear;

use super::*;

#[test]
fn members_of_another_type_are_absent() {
    let event = Object::parse(r#"{"a":"x\"y","n":1.5,"s":"7","o":{"b":true},"l":[1,"z"],"u":null}"#).unwrap();
    assert_eq!(event.text("a").as_deref(), Some("x\"y"));
    assert_eq!((event.number("n"), event.number("s"), event.number("a")), (Some(1.5), Some(7.0), None));
    assert_eq!(event.object("o").and_then(|o| o.raw("b")), Some("true"));
    assert_eq!(event.array("l"), ["1", "\"z\""]);
    assert_eq!((event.has("u"), event.has("x"), event.text("n").is_some()), (false, false, false));
    assert!(event.object("l").is_none() && event.array("o").is_empty());
}

#[test]
fn elements_are_all_or_none() {
    for (json, elements) in [
        (r#" [ {"a":[1]}, "x,]" ,2 ] "#, &[r#"{"a":[1]}"#, r#""x,]""#, "2"][..]),
        ("[]", &[]),
        ("[1,]", &[]),
        ("[1", &[]),
        ("[1 2]", &[]),
        ("{}", &[]),
        ("", &[]),
    ] {
        assert_eq!(array(json), elements, "{json}");
    }
}

#[test]
fn members_without_a_limit_are_all_or_none() {
    let many: String = (0..1000).map(|n| format!(",\"{n}\":[{n}]")).collect();
    let many = format!("{{\"a\\n\": 1{many} }}");
    let many = Object::parse(&many).unwrap();
    assert_eq!((many.all_members().count(), many.members().count()), (1001, 256));
    assert_eq!((many.has("254"), many.has("255"), many.names("255")), (true, false, false));
    assert_eq!(many.any_member("999").map(Member::raw), Some("[999]"));
    for json in ["{\"a\":1,}", "{\"a\":1", "{\"a\"}", "{\"a\":1}}", "[1]", ""] {
        assert!(Object::parse(json).is_none(), "{json}");
    }
}

#[test]
fn objects_are_read_by_key() {
    let read = |json: &'static str| {
        let groups = Object::parse(json).unwrap_or_default().groups().into_iter();
        groups
            .map(|(key, objects)| (key, objects.iter().map(|o| o.raw("a").unwrap_or("")).collect::<Vec<_>>()))
            .collect::<Vec<_>>()
    };
    for (json, expected, why) in [
        (
            r#" { "x" : [ {"a":1} , {"a":[2]} ] , "y":[{"a":3}]} "#,
            vec![("x", vec!["1", "[2]"]), ("y", vec!["3"])],
            "two keys",
        ),
        (r#"{"x":[null,{"a":1},7,{"a"},[{"a":2}]],"y":[]}"#, vec![("x", vec!["1"]), ("y", vec![])], "other elements"),
        (r#"{"x":null,"y":{"a":1},"z":[{"a":1}]}"#, vec![("z", vec!["1"])], "other members"),
        (r#"{"x":[{"a":1} 2],"z":[{"a":1}]}"#, vec![("z", vec!["1"])], "a malformed array"),
        (r#"{"x":[{"a":1}]"#, vec![], "an object that breaks off"),
        (r#"{"x":[{"a":1}]}}"#, vec![], "more"),
        ("[]", vec![], "no object"),
        ("", vec![], "nothing"),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|(key, values)| (Cow::Borrowed(key), values)).collect();
        assert_eq!(read(json), expected, "{why}");
    }
    let object = Object::parse(r#"{"l":[1,{"a":2},"x"],"o":{}}"#).unwrap();
    assert_eq!(object.objects("l").iter().filter_map(|o| o.raw("a")).collect::<Vec<_>>(), ["2"]);
    assert!(object.objects("o").is_empty() && object.objects("z").is_empty());
}

#[test]
fn keys_are_unescaped_and_values_are_not() {
    let object = Object::parse("{ \"a\\u0062\" : \"c\\\"\" , \"d\":{}}").unwrap();
    let members = object.members().map(|member| (member.key(), member.raw()));
    assert_eq!(members.collect::<Vec<_>>(), [("ab".into(), "\"c\\\"\""), ("d".into(), "{}")]);
}

/// Asserts that each member of an object is found as serde_json finds it.
fn assert_equal(object: &Object<'_>, json: &serde_json::Map<String, Json>) {
    for (key, value) in json {
        assert_eq!(serde_json::from_str::<Json>(object.any_member(key).unwrap().raw()).unwrap(), *value);
        assert_eq!(object.text(key).as_deref(), value.as_str());
        let inside = object.object(key);
        assert_eq!(inside.is_some(), value.is_object());
        inside.iter().zip(value.as_object()).for_each(|(inside, value)| assert_equal(inside, value));
        let elements: Vec<_> = value.as_array().into_iter().flatten().filter_map(Json::as_object).collect();
        let objects = object.objects(key);
        assert_eq!(objects.len(), elements.len());
        objects.iter().zip(elements).for_each(|(object, element)| assert_equal(object, element));
    }
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![Just(Json::Null), any::<u8>().prop_map(Json::from), "[a\"\\\\é ]{0,9}".prop_map(Json::from)];
    leaf.prop_recursive(9, 60, 4, |inner| {
        let key = "[a-d\"\\\\]{0,2}";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::hash_map(key, inner, 0..4).prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn members_are_found_at_any_depth(json in json(), is_pretty: bool) {
        let text = if is_pretty { serde_json::to_string_pretty(&json).unwrap() } else { json.to_string() };
        let object = Object::parse(&text);
        prop_assert_eq!(object.is_some(), json.is_object());
        object.iter().zip(json.as_object()).for_each(|(object, json)| assert_equal(object, json));
    }

    #[test]
    fn any_text_is_read_without_panic(text in "(\\{\"a\":)?[{}\\[\\]\":,a\\\\ ]{0,60}") {
        let object = Object::parse(&text).unwrap_or_default();
        object.all_members().for_each(|member| drop((member.text(), member.object(), member.objects())));
    }
}

#[test]
fn what_is_malformed_inside_is_absent_alone() {
    let json = r#"{"a":{"b":{"c" 1},"d":{"e":"f"}},"l":[{"g":1},{"g"},{"g":2}],"m":[{"g":1} 2],"z":"last"}"#;
    let object = Object::parse(json).unwrap();
    let a = object.object("a").unwrap();
    assert_eq!((a.raw("b"), a.object("b").is_none()), (Some(r#"{"c" 1}"#), true));
    assert_eq!(a.object("d").unwrap().text("e").as_deref(), Some("f"));
    assert_eq!(object.objects("l").iter().map(|o| o.raw("g").unwrap()).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!((object.objects("m").len(), object.text("z").as_deref()), (0, Some("last")));
}

#[test]
fn the_time_is_linear_however_malformed_the_text_is() {
    let open = |n: usize| "{\"a\":".repeat(n);
    let texts: [&dyn Fn(usize) -> String; 6] = [
        &open,
        &|n| format!("{}1{}", open(n), " x}".repeat(n)),
        &|n| format!("{}1{}", open(n), "}".repeat(n)),
        &|n| format!("{{\"a\":{}", "[{".repeat(n)),
        &|n| format!("{{\"a\":[{}{{}}]}}", "{},".repeat(n)),
        &|n| format!("{{{}\"z\":1}}", "\"\\u0061\":1,".repeat(n)),
    ];
    let read = |text: &String| {
        let object = Object::parse(text).unwrap_or_default();
        object.object("a").into_iter().for_each(drop);
        object.objects("a").into_iter().for_each(drop);
    };
    for text in texts {
        assert_linear(200_000, text, read, &text(2));
    }
}
