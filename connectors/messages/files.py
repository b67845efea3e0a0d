"""What is wrong with a file of the inbox, with its layout, or with a cell."""

from __future__ import annotations

from connectors.findings import Words

SEND_PLAIN = (
    "yêu cầu đơn vị gửi lại tệp .xlsx thường: không macro, không liên kết ngoài, không mật khẩu",
    "ask for a plain .xlsx again: no macros, no outside links, no password",
)
TEMPLATE = (
    "yêu cầu đơn vị dùng đúng biểu mẫu; nếu biểu mẫu đã đổi, sửa 'layout' và 'contract' trong tệp YAML của nguồn",
    "ask for the file in its template; if the template changed, edit 'layout' and 'contract' in the source's YAML",
)
MEND_CELL = ("yêu cầu đơn vị sửa ô này rồi gửi lại tệp", "ask for the cell to be mended and the file sent again")
CALCULATE = (
    "mở tệp trong Excel hoặc LibreOffice, lưu lại để công thức được tính, rồi gửi lại",
    "open the file in Excel or LibreOffice, save it so that formulas are calculated, and send it again",
)
COPY_AGAIN = ("chép lại tệp vào thư mục nhận", "copy the file into the inbox again")

FILES = {
    "UnsafeFile": Words("tệp bị từ chối: {detail}", "the file is refused: {detail}", *SEND_PLAIN),
    "UnsafeName": Words(
        "tên tệp hoặc loại tệp trong thư mục nhận không an toàn: {detail}",
        "an unsafe name or type of file in the inbox: {detail}",
        "xóa hoặc đổi tên: chỉ nhận tệp thường, tên không bắt đầu bằng = + - @ và không có ký tự điều khiển",
        "remove or rename it: plain files only, no name that begins with = + - @ or holds control characters",
    ),
    "StillChanging": Words(
        "tệp '{file}' vẫn đang được chép sau {seconds} giây",
        "file '{file}' is still being copied after {seconds} s",
        "chờ chép xong rồi chạy lại",
        "wait until the copy has ended, then run it again",
    ),
    "FileUnreadable": Words("không đọc được tệp '{file}' ({detail})", "cannot read '{file}' ({detail})", *COPY_AGAIN),
    "FileMissing": Words(
        "thư mục nhận không có tệp nào tên dạng '{pattern}'",
        "the inbox holds no file called like '{pattern}'",
        *COPY_AGAIN,
    ),
    "OtherNamespace": Words(
        "tài liệu XML không thuộc không gian tên {namespace}",
        "the XML document is not of the namespace {namespace}",
        *TEMPLATE,
    ),
    "SheetMissing": Words("không có trang tính '{sheet}'", "there is no sheet '{sheet}'", *TEMPLATE),
    "LayoutChanged": Words(
        "bố cục khác hợp đồng: {detail_vi}", "the layout differs from the contract: {detail_en}", *TEMPLATE
    ),
    "MergedCells": Words("có ô gộp trong vùng số liệu: {ranges}", "merged cells in the data area: {ranges}", *TEMPLATE),
    "HiddenContent": Words("có nội dung bị ẩn: {what}", "hidden content: {what}", *TEMPLATE),
    "UncalculatedFormula": Words(
        "công thức chưa có kết quả ở {cells}", "formulas without a result in {cells}", *CALCULATE
    ),
    "FormulaRefused": Words(
        "có công thức ở {cells}, hợp đồng chỉ nhận giá trị",
        "formulas in {cells}, the contract takes values only",
        "dán giá trị thay cho công thức, hoặc khai báo 'formulas: cached' trong 'layout'",
        "paste values instead of formulas, or declare 'formulas: cached' under 'layout'",
    ),
    "OtherAgency": Words(
        "dòng của {agency} nằm trong tệp mang tên {named} (ô {cell})",
        "a row of {agency} in the file that is named for {named} (cell {cell})",
        "yêu cầu đơn vị sửa mã cơ quan hoặc tên tệp rồi gửi lại",
        "ask for the agency's code or the file's name to be mended and the file sent again",
    ),
    "NotCsv": Words(
        "CSV không hợp lệ ở bản ghi {record}: {detail}", "not valid CSV at record {record}: {detail}", *TEMPLATE
    ),
    "FileTruncated": Words("tệp bị cắt ngang ({detail})", "the file was cut off ({detail})", *COPY_AGAIN),
    "TotalsRowDiffers": Words(
        "cột '{field}': dòng tổng ghi {total}, cộng các dòng được {sum}",
        "column '{field}': the totals row says {total}, the rows add up to {sum}",
        *TEMPLATE,
    ),
    "ErrorCell": Words(
        "{field} là lỗi bảng tính {shown} (ô {cell})",
        "{field} is the spreadsheet error {shown} (cell {cell})",
        *MEND_CELL,
    ),
    "NumberAsText": Words(
        "{field} là số được lưu dưới dạng văn bản: {shown} (ô {cell})",
        "{field} is a number stored as text: {shown} (cell {cell})",
        *MEND_CELL,
    ),
    "PercentFormat": Words(
        "{field} (ô {cell}) định dạng phần trăm, hợp đồng ghi đơn vị '{unit}'",
        "{field} (cell {cell}) is formatted as a percentage, the contract's unit is '{unit}'",
        *TEMPLATE,
    ),
    "PercentUnclear": Words(
        "{field} = {shown} (ô {cell}), không có định dạng phần trăm: không rõ là {shown} % hay tỷ lệ trên 1",
        "{field} = {shown} (cell {cell}) without percent format: {shown} % or a share of 1",
        "định dạng ô thành phần trăm rồi gửi lại tệp",
        "format the cell as a percentage and send the file again",
    ),
}
