//! An executable as a Lambda deployment package.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::Error;

/// Zips `executable` as `bootstrap`, the name of the program in the runtimes `provided.*`.
///
/// The executable is stored uncompressed: the package travels over loopback, and a debug build of a compressor is slow.
///
/// # Errors
///
/// If the executable cannot be read.
pub fn bootstrap(executable: &Path) -> Result<Vec<u8>, Error> {
    let code = fs::read(executable).map_err(|error| format!("cannot read {}: {error}", executable.display()))?;
    let mut archive = ZipWriter::new(Cursor::new(Vec::with_capacity(code.len() + 1024)));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).unix_permissions(0o755);
    archive.start_file("bootstrap", options)?;
    archive.write_all(&code)?;
    Ok(archive.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_holds_one_runnable_bootstrap() {
        let executable = std::env::current_exe().unwrap();
        let package = bootstrap(&executable).unwrap();
        let mut archive = zip::ZipArchive::new(Cursor::new(package)).unwrap();
        assert_eq!(archive.len(), 1);
        let file = archive.by_name("bootstrap").unwrap();
        assert_eq!(file.unix_mode().map(|mode| mode & 0o777), Some(0o755));
        assert_eq!(file.size(), fs::metadata(executable).unwrap().len());
    }
}
