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
        "{field} và {other} có vẻ bị đổi chỗ so với {against_vi}: {count} trên {voters} cơ quan nhóm {group}, ví dụ "
        "{examples}",
        "{field} and {other} seem swapped against {against_en}: {count} of {voters} agencies of group {group}, e.g. "
        "{examples}",
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
        "số liệu năm đã qua bị sửa: {count} cơ quan nhóm {group}, lệch nhiều nhất {largest} ({field}), {places} cơ "
        "quan đổi thứ tự theo trường này, ví dụ {examples}",
        "a past year was restated: {count} agencies of group {group}, by up to {largest} ({field}), {places} of them "
        "change their order by it, e.g. {examples}",
        *COMPARE,
    ),
    "RowsRestated": Words(
        "các dòng của một năm đã qua bị sửa so với lần lấy {previous}; số đếm theo cơ quan không đổi",
        "rows of a past year were restated against pull {previous}; the counts by agency are the same",
        *COMPARE,
    ),
    "Frozen": Words(
        "nhóm {group}: {count} trên {agencies} cơ quan có đúng số liệu của kỳ {before}: nguồn có thể đứng yên",
        "group {group}: {count} of {agencies} agencies have the very figures of period {before}: the source may stand "
        "still",
        *COMPARE,
    ),
    "WentBack": Words(
        "{field} của {count} cơ quan nhóm {group} giảm so với lần lấy {previous}, và phần lớn trường khác cũng vậy: "
        "nguồn có thể trả lại số liệu cũ; ví dụ {examples}",
        "{field} of {count} agencies of group {group} fell against pull {previous}, and so did most other fields: the "
        "source may show an older state; e.g. {examples}",
        *COMPARE,
    ),
    "ListsAlike": Words(
        "nhóm {group}: danh sách này giống hệt danh sách kỳ {other}: nguồn có thể không phân biệt kỳ được hỏi",
        "group {group}: this list equals that of period {other}: the source may not listen to the period asked for",
        *COMPARE,
    ),
    "SourcesAlike": Words(
        "số liệu giống hệt số liệu của nguồn {other} (lần lấy {previous}): hai nguồn có thể bị đổi chỗ",
        "the figures equal those of source {other} (pull {previous}): two sources may have been exchanged",
        *COMPARE,
    ),
    "SameFigures": Words(
        "{agency} có mọi số liệu giống hệt {other}: một cơ quan có thể bị ghi hai lần",
        "{agency} has exactly the figures of {other}: one agency may stand here twice",
        *COMPARE,
    ),
    "WrongAgency": Words(
        "số liệu của {count} cơ quan nhóm {group} giống số liệu trước đây của cơ quan khác ({against_vi}): có thể bị "
        "lệch dòng; ví dụ {examples}",
        "figures of {count} agencies of group {group} look like the earlier ones of another agency ({against_en}): "
        "perhaps shifted by a row; e.g. {examples}",
        *COMPARE,
    ),
    "DistributionShift": Words(
        "{field} của nhóm {group}: trung vị gấp {ratio} lần so với {against_vi}: có thể đổi đơn vị hoặc tính hai lần",
        "{field} of group {group}: the median is {ratio} times that of {against_en}: perhaps another unit, or counted "
        "twice",
        *COMPARE,
    ),
    "OrderShift": Words(
        "{field} của nhóm {group}: thứ tự các cơ quan không còn giống {against_vi}: có thể bị lệch dòng",
        "{field} of group {group}: the agencies' order no longer resembles {against_en}: perhaps shifted by a row",
        *COMPARE,
    ),
    "ManyOutliers": Words(
        "{field}: {count} cơ quan nhóm {group} lệch hẳn so với {against_vi}, khác với các cơ quan còn lại: {examples}",
        "{field}: {count} agencies of group {group} jumped against {against_en}, unlike the others: {examples}",
        *COMPARE,
    ),
    "TotalsDiffer": Words(
        "{field}: nguồn ghi tổng {total}, các cơ quan cộng lại là {sum} ({row})",
        "{field}: the source gives a total of {total}, its agencies add up to {sum} ({row})",
        *COMPARE,
    ),
    "TotalMissing": Words(
        "không có dòng tổng '{row}' mà hợp đồng nêu trong 'totals'",
        "there is no row of totals '{row}', which the contract names under 'totals'",
        *CONTRACT,
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
    "Outlier": Words(
        "{field} của {agency} là {shown}, lẽ ra khoảng {expected} nếu thay đổi như các cơ quan khác nhóm {group} (so "
        "với {against_vi}): cần xem lại trước khi chốt năm",
        "{field} of {agency} is {shown}, about {expected} had it moved like the others of group {group} (against "
        "{against_en}): to be looked at before the year is made official",
        *COMPARE,
    ),
    "ColumnStill": Words(
        "{field} của {count} cơ quan nhóm {group} đúng bằng kỳ {before}: trường này có thể đứng yên; cần xem lại "
        "trước khi chốt năm; ví dụ {examples}",
        "{field} of {count} agencies of group {group} equals that of period {before}: this field may stand still; to "
        "be looked at before the year is made official; e.g. {examples}",
        *COMPARE,
    ),
    "SeenBefore": Words(
        "số liệu giống hệt lần lấy cũ hơn {previous}: nguồn có thể trả lại tệp cũ",
        "the figures equal those of an older pull, {previous}: the source may have gone back to an old file",
        *ASK_OPERATOR,
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
