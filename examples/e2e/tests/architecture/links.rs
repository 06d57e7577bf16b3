//! Links lead somewhere. Pages in the sources are read on GitHub and as documentation of a crate, and their links work
//! in both: such a link is an address, or a heading of the page.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::documents::DOCUMENTS;
use crate::{CRATES, root, text};

#[test]
fn links_of_documents_lead_to_files_and_headings() {
    for document in DOCUMENTS {
        let page = text(document);
        let folder = root().join(document).parent().unwrap().to_owned();
        for link in links(&page) {
            let (file, heading) = link.split_once('#').unwrap_or((&link, ""));
            if link.contains("://") {
                assert_address(document, &link);
                continue;
            }
            let target = if file.is_empty() { root().join(document) } else { folder.join(file) };
            assert!(target.exists(), "{document} links to {link}");
            assert!(heading.is_empty() || has_heading(&text(&target), heading), "{document} links to {link}");
        }
    }
}

#[test]
fn links_of_pages_in_the_sources_work_on_github_and_in_the_documentation() {
    let pages: Vec<_> = CRATES.iter().flat_map(|krate| pages(&root().join(krate).join("src"))).collect();
    assert!(pages.len() > 15, "{pages:?}");
    for path in pages {
        let (name, page) = (path.strip_prefix(root()).unwrap().display().to_string(), text(&path));
        for link in links(&page) {
            match link.strip_prefix('#') {
                Some(heading) => assert!(has_heading(&page, heading), "{name} has no heading {heading}"),
                None => {
                    assert!(link.starts_with("https://"), "{name} links to {link}: GitHub knows addresses alone");
                    assert_address(&name, &link);
                }
            }
        }
        let items: Vec<_> = page.split("[`").skip(1).filter_map(|rest| rest.split_once("`]")).collect();
        for (item, rest) in items.iter().filter(|(_, rest)| !rest.starts_with(['(', '[', ':'])) {
            let is_defined = page.contains(&format!("\n[`{item}`]: ")) || rest.is_empty();
            assert!(is_defined, "{name} leaves the address of [`{item}`] to rustdoc");
        }
    }
}

/// Fails for an address in the documentation of our crates that names no item.
#[track_caller]
fn assert_address(document: &str, link: &str) {
    let Some(path) = link.strip_prefix("https://docs.rs/thundra-") else { return };
    let Some((krate, path)) = path.split_once("/latest/") else { return };
    let krate = format!("thundra-{krate}");
    let (file, fragment) = path.split_once('#').unwrap_or((path, ""));
    let mut steps: Vec<_> = file.split('/').collect();
    assert_eq!(steps.remove(0), krate.replace('-', "_"), "{document} links to {link}");
    let last = steps.pop().unwrap_or_default();
    for module in &steps {
        let is_page = root().join(format!("{krate}/src/guides/{module}.md")).exists();
        assert!(is_page || declares(module), "{document} links to {link}: no module {module}");
    }
    match (last, fragment.split_once('.')) {
        ("index.html", None) => {
            let module = steps.join("/");
            let files =
                [format!("src/{module}.md"), "src/lib.rs".to_owned()].map(|file| root().join(&krate).join(file));
            let docs = files.iter().find(|file| file.exists()).map(|file| text(file).replace("//! ", ""));
            let is_known = fragment.is_empty() || docs.is_some_and(|docs| has_heading(&docs, fragment));
            assert!(is_known, "{document} links to {link}: no heading {fragment}");
        }
        (item, member) => {
            let name = item.split('.').nth(1).unwrap_or_default();
            let member = member.map_or("", |(kind, name)| if kind == "variant" { "" } else { name });
            assert!(declares(name) && declares(member), "{document} links to {link}: no such item");
        }
    }
}

/// Returns `true` if the crates declare or export an item with the name.
fn declares(name: &str) -> bool {
    static SOURCES: LazyLock<String> =
        LazyLock::new(|| CRATES.iter().map(|krate| sources(&root().join(krate).join("src"))).collect());
    let words = ["fn", "struct", "enum", "trait", "type", "mod", "macro_rules!"];
    let is_declared = || words.iter().any(|word| SOURCES.contains(&format!("{word} {name}")));
    let mut exports = SOURCES.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next());
    name.is_empty() || is_declared() || exports.any(|names| names.contains(name))
}

/// Returns the targets of the links of a page.
fn links(page: &str) -> Vec<String> {
    let prose = prose(page);
    let inline = prose.split("](").skip(1).filter_map(|rest| {
        // A path may end with the brackets of a function.
        let end = rest.replace("()", "  ").find(')')?;
        rest.get(..end)
    });
    let defined = prose.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: ").map(|(_, target)| target));
    inline.chain(defined).map(str::to_owned).collect()
}

/// Returns a page without the blocks of code.
fn prose(page: &str) -> String {
    page.split("\n```").step_by(2).map(|part| format!("{part}\n")).collect()
}

/// Returns `true` if a page has the heading with an anchor.
fn has_heading(page: &str, anchor: &str) -> bool {
    let prose = prose(page);
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    let anchor_of = |heading: &str| -> String {
        let letters = heading.trim_start_matches('#').trim().chars();
        let kept = letters.filter(|c| c.is_alphanumeric() || "-_ ".contains(*c)).collect::<String>();
        kept.to_lowercase().replace(' ', "-")
    };
    headings.map(anchor_of).any(|known| known == anchor)
}

/// Returns the pages in a folder.
fn pages(folder: &Path) -> Vec<PathBuf> {
    files(folder).into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "md")).collect()
}

/// Returns the sources in a folder.
fn sources(folder: &Path) -> String {
    let files = files(folder);
    let is_source = |file: &&PathBuf| file.extension().is_some_and(|extension| extension == "rs");
    files.iter().filter(is_source).map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
