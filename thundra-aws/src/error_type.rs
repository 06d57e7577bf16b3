//! The `error.type` attribute, from the name of a type.

/// Returns the path of the type behind references and boxes, without type arguments. Returns `Error` for trait objects
/// and text, which name no error.
pub(crate) fn short_error_type(mut name: &str) -> &str {
    while let Some(inner) = pointee(name) {
        name = inner;
    }
    match name.split('<').next() {
        Some("str" | "alloc::string::String" | "alloc::borrow::Cow") => "Error",
        Some(path) if !path.is_empty() && !path.starts_with("dyn ") => path,
        _ => "Error",
    }
}

fn pointee(name: &str) -> Option<&str> {
    const BOXES: [&str; 3] = ["alloc::boxed::Box<", "alloc::sync::Arc<", "alloc::rc::Rc<"];

    let unboxed = || BOXES.iter().find_map(|open| name.strip_prefix(open)?.strip_suffix('>'));
    name.strip_prefix("&mut ").or_else(|| name.strip_prefix('&')).or_else(unboxed)
}
