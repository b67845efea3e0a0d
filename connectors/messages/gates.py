"""What is wrong with a pull as a whole (it is held until somebody decides), and what is merely worth recording."""

from __future__ import annotations

from connectors.findings import Words
from connectors.messages.hints import ASK_OPERATOR, COMPARE, CONTRACT, REGISTER

GATE = {
    "Empty": Words("nguồn không trả về dòng nào", "the source returned no row", *ASK_OPERATOR),
    "TotalMismatch": Words(
        "nguồn khai {total} dòng nhưng nhận được {got} dòng khác nhau (sau {walks} lượt đọc)",
        "the source declares {total} rows, {got} distinct ones came (after {walks} walks)",
        *COMPARE,
    ),
    "PersonalDataSuspect": Words(
        "{rows} dòng có giá trị giống dữ liệu cá nhân trong các trường được phép: {fields}",
        "{rows} rows hold what looks like personal data in allowed fields: {fields}",
        "bỏ trường đó khỏi 'contract', hoặc yêu cầu đơn vị vận hành không gửi dữ liệu cá nhân",
        "remove the field from 'contract', or ask the operator to send no personal data",
    ),
    "FieldMissingEverywhere": Words(
        "mọi dòng đều thiếu trường {field}{maybe_vi}", "every row lacks field {field}{maybe_en}", *CONTRACT
    ),
    "CoverageDrop": Words(
        "nhóm {group}: {found} trên {expected} cơ quan ({against_vi}); thiếu: {missing}",
        "group {group}: {found} of {expected} agencies ({against_en}); missing: {missing}",
        *COMPARE,
    ),
    "RowsDrop": Words(
        "nhóm {group}: chỉ còn {found} trên {expected} dòng của lần lấy {previous}; tài khoản có thể đã mất quyền",
        "group {group}: {found} rows are left of the {expected} of pull {previous}; the account may have lost rights",
        *COMPARE,
    ),
    "QuarantineLimit": Words(
        "{rows} trên {received} dòng bị cách ly (cho phép {allowed}): {reasons}",
        "{rows} of {received} rows are quarantined (allowed {allowed}): {reasons}",
        "xem 'quarantine.parquet' của lần lấy này; báo đơn vị vận hành nguồn",
        "see 'quarantine.parquet' of this pull; tell the operator of the source",
    ),
    "ColumnsSwapped": Words(
        "{field} và {other} có vẻ bị đổi chỗ so với lần lấy {previous}: {count} trên {voters} cơ quan "
        "nhóm {group}, ví dụ {examples}",
        "{field} and {other} seem swapped against pull {previous}: {count} of {voters} agencies of "
        "group {group}, e.g. {examples}",
        *COMPARE,
    ),
    "OutsideTypical": Words(
        "{field} của {count} trên {rows} cơ quan nhóm {group} nằm ngoài khoảng thường gặp {range}, ví dụ {examples}",
        "{field} of {count} of {rows} agencies of group {group} lies outside its typical range {range}, "
        "e.g. {examples}",
        *COMPARE,
    ),
    "ConstantColumn": Words(
        "{field} giống nhau ({shown}) ở cả {rows} cơ quan nhóm {group}, ví dụ {examples}",
        "{field} is the same ({shown}) for all {rows} agencies of group {group}, e.g. {examples}",
        *COMPARE,
    ),
    "UnitSuspect": Words(
        "{field} của nhóm {group} gấp khoảng {ratio} lần so với lần lấy {previous}: có thể đổi đơn vị; "
        "ví dụ {examples}",
        "{field} of group {group} is about {ratio} times that of pull {previous}: perhaps another unit; "
        "e.g. {examples}",
        *COMPARE,
    ),
    "HistoryRestated": Words(
        "số liệu năm đã qua bị sửa: {count} cơ quan nhóm {group}, lệch nhiều nhất {largest} ({field}), "
        "ví dụ {examples}",
        "a past year was restated: {count} agencies of group {group}, by up to {largest} ({field}), e.g. {examples}",
        *COMPARE,
    ),
}

# Worth recording, no reason to hold.
NOTE = {
    "CrossCheckDiffers": Words(
        "tỷ lệ {field} do nguồn tự tính không khớp số đếm ở {count} dòng; tỷ lệ này không được dùng",
        "the source's own percentage {field} does not follow from its counts in {count} rows; it is not used",
        *ASK_OPERATOR,
    ),
    "OddName": Words(
        "{count} tên ở {field} có ký tự lạ; cơ quan vẫn được nhận theo mã",
        "{count} names in {field} hold odd characters; agencies are matched by code",
        *ASK_OPERATOR,
    ),
    "AgenciesMissing": Words(
        "nhóm {group}: không có dòng nào của {missing}; số liệu của họ là thiếu, không phải 0",
        "group {group}: no row of {missing}; their figures are missing, not zero",
        "nếu họ còn nợ số liệu: nhắc gửi, rồi chạy lại 'dti source pull {source}'",
        "if they owe their figures: remind them, then run 'dti source pull {source}' again",
    ),
    "RowsExcluded": Words(
        "{count} dòng tổng hợp không lấy theo hợp đồng", "{count} rows are left out by contract", "", ""
    ),
    "MessagesWithoutDocument": Words(
        "{count} thông điệp thu hồi, cập nhật hoặc thay thế một văn bản không có trong các tệp này",
        "{count} messages revoke, update or replace a document that is not in these files",
        "kiểm tra xem các thông điệp trước đó có bị thiếu không",
        "check whether earlier messages are missing",
    ),
    "NewField": Words(
        "nguồn gửi thêm trường {field}: không lưu", "the source sends a new field {field}: not stored", *CONTRACT
    ),
    "Restated": Words(
        "nguồn sửa số liệu so với lần lấy {previous}: {count} cơ quan nhóm {group}, lệch nhiều nhất "
        "{largest} ({field})",
        "the source restated figures against pull {previous}: {count} agencies of group {group}, by up "
        "to {largest} ({field})",
        "",
        "",
    ),
    "NameChanged": Words(
        "tên của {agency} khác lần lấy {previous}; cơ quan vẫn được nhận theo mã",
        "the name of {agency} differs from pull {previous}; agencies are matched by code",
        *REGISTER,
    ),
}
