"""What is wrong with the landing folder, or with a decision about a pull."""

from __future__ import annotations

from connectors.findings import Words

LANDING = {
    "ManifestUnreadable": Words(
        "không đọc được bản kê của lần lấy ({detail})",
        "the manifest of the pull cannot be read ({detail})",
        "khôi phục thư mục từ bản sao lưu; không sửa tay",
        "restore the folder from the backup; it is never edited by hand",
    ),
    "ManifestAltered": Words(
        "bản kê của lần lấy đã bị sửa ({detail})",
        "the manifest of the pull was altered ({detail})",
        "khôi phục thư mục từ bản sao lưu; không sửa tay",
        "restore the folder from the backup; it is never edited by hand",
    ),
    "FileAltered": Words(
        "tệp '{file}' của lần lấy khác bản kê ({detail})",
        "file '{file}' of the pull differs from its manifest ({detail})",
        "khôi phục thư mục từ bản sao lưu",
        "restore the folder from the backup",
    ),
    "UnknownPull": Words(
        "không có lần lấy '{pull}'", "there is no pull '{pull}'", "xem 'dti pull list'", "see 'dti pull list'"
    ),
    "AlreadyDecided": Words(
        "lần lấy '{pull}' đã được quyết định ({decision})",
        "pull '{pull}' has already been decided ({decision})",
        "mỗi lần lấy chỉ quyết định một lần; lấy lại nguồn nếu cần",
        "a pull is decided once; pull the source again if needed",
    ),
    "NothingToDecide": Words(
        "lần lấy '{pull}' thất bại, không có dữ liệu để quyết định",
        "pull '{pull}' failed: it holds no data to decide on",
        "lấy lại: 'dti source pull {source} --year {year}'",
        "pull again: 'dti source pull {source} --year {year}'",
    ),
    "ReasonMissing": Words(
        "quyết định về lần lấy '{pull}' cần lý do và người quyết định",
        "a decision on pull '{pull}' needs a reason and a person",
        "thêm --reason '…'",
        "add --reason '…'",
    ),
    "LandingNotWritable": Words(
        "không ghi được vào '{file}' ({detail})",
        "cannot write to '{file}' ({detail})",
        "kiểm tra dung lượng đĩa và quyền ghi",
        "check free disk space and permissions",
    ),
}
