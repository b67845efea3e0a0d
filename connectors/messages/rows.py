"""What is wrong with one value or one row: it goes to the quarantine."""

from __future__ import annotations

from connectors.findings import Words
from connectors.messages.hints import ASK_OPERATOR, CONTRACT, REGISTER

ROW = {
    "NotAnObject": Words("phần tử không phải đối tượng", "the item is not an object", *CONTRACT),
    "MissingField": Words("thiếu trường {field}", "field {field} is missing", *CONTRACT),
    "EmptyValue": Words("trường bắt buộc {field} để trống", "the required field {field} is empty", *CONTRACT),
    "WrongType": Words(
        "{field} phải là {expected}, nhận được {got}", "{field} must be {expected}, got {got}", *CONTRACT
    ),
    "NotANumber": Words("{field} không phải số: {shown}", "{field} is not a number: {shown}", *CONTRACT),
    "DecimalComma": Words(
        "{field} dùng dấu phẩy thập phân: {shown}", "{field} has a decimal comma: {shown}", *CONTRACT
    ),
    "AmbiguousNumber": Words(
        "{field} viết theo cách hiểu được hai kiểu: {shown}", "{field} can be read in two ways: {shown}", *CONTRACT
    ),
    "TooManyDecimals": Words(
        "{field} có nhiều hơn {places} chữ số thập phân: {shown}",
        "{field} has more than {places} decimal places: {shown}",
        *CONTRACT,
    ),
    "TooManyDigits": Words("{field} có quá nhiều chữ số", "{field} has too many digits", *CONTRACT),
    "BelowMinimum": Words(
        "{field} = {shown} nhỏ hơn mức tối thiểu {minimum}",
        "{field} = {shown} is below its minimum {minimum}",
        *ASK_OPERATOR,
    ),
    "AboveMaximum": Words(
        "{field} = {shown} lớn hơn mức tối đa {maximum}",
        "{field} = {shown} is above its maximum {maximum}",
        *ASK_OPERATOR,
    ),
    "DateFormat": Words(
        "{field} không đúng dạng ngày {format}", "{field} is not a date of the form {format}", *CONTRACT
    ),
    "SuspectText": Words(
        "{field} có ký tự lạ ({codepoint}), có thể sai bảng mã",
        "{field} holds a foreign character ({codepoint}), perhaps a wrong encoding",
        *CONTRACT,
    ),
    "ConfusableCode": Words(
        "mã {field} có ký tự dễ nhầm hoặc khoảng trắng ({codepoint})",
        "the code {field} holds a confusable character or a space ({codepoint})",
        *ASK_OPERATOR,
    ),
    "UnknownValue": Words(
        "{field} = {shown} không có trong hợp đồng", "{field} = {shown} is not in the contract", *CONTRACT
    ),
    "PatternDiffers": Words("{field} không đúng dạng {pattern}", "{field} does not match {pattern}", *ASK_OPERATOR),
    "OtherAnswer": Words(
        "{field} có giá trị, nhưng câu này trả lời ở {expected}",
        "{field} is filled, but this question is answered in {expected}",
        *ASK_OPERATOR,
    ),
    "SumMismatch": Words(
        "{field} = {total} khác tổng các phần {parts}",
        "{field} = {total} differs from the sum of its parts {parts}",
        *ASK_OPERATOR,
    ),
    "UnknownAgency": Words("không có cơ quan nào mang mã {agency}", "no agency has the code {agency}", *REGISTER),
    "GroupMismatch": Words(
        "nguồn xếp {agency} vào nhóm '{got}', sổ đăng ký ghi '{expected}'",
        "the source puts {agency} into group '{got}', the register says '{expected}'",
        *REGISTER,
    ),
    "ConflictingDuplicate": Words(
        "{agency} xuất hiện nhiều lần với giá trị khác nhau ở {field}",
        "{agency} appears more than once with different values in {field}",
        *ASK_OPERATOR,
    ),
    "PersonalData": Words(
        "{field} giống dữ liệu cá nhân (số định danh, điện thoại, thư điện tử hoặc họ tên); giá trị không được ghi lại",
        "{field} looks like personal data (id, phone, e-mail or a person's name); the value is written nowhere",
        *CONTRACT,
    ),
    "Mojibake": Words(
        "{field} là UTF-8 bị đọc nhầm thành Windows-1252 ({codepoint})",
        "{field} is UTF-8 that was read as Windows-1252 ({codepoint})",
        *ASK_OPERATOR,
    ),
    "LegacyEncoding": Words(
        "{field} dùng bảng mã cũ ({codepoint})", "{field} is in an old encoding ({codepoint})", *ASK_OPERATOR
    ),
    "NaiveTime": Words("{field} là thời điểm không có múi giờ", "{field} is a moment without a time zone", *CONTRACT),
    "OutsideWindow": Words(
        "{field} nằm ngoài kỳ được hỏi ({first} đến {last})",
        "{field} lies outside the period asked for ({first} to {last})",
        *ASK_OPERATOR,
    ),
    "NumGtDen": Words(
        "{field} = {numerator} lớn hơn {other} = {denominator}",
        "{field} = {numerator} is more than {other} = {denominator}",
        *ASK_OPERATOR,
    ),
    "RetiredAgency": Words(
        "{agency} là mã của cơ quan đã sáp nhập hoặc giải thể (nay là {successor})",
        "{agency} is the code of an agency that was merged or abolished (now {successor})",
        *REGISTER,
    ),
    "UnknownAgencyName": Words(
        "tên cơ quan ở {field} không có trong sổ đăng ký",
        "the agency's name in {field} is not in the register",
        *REGISTER,
    ),
    "AmbiguousAgency": Words(
        "tên cơ quan ở {field} ứng với nhiều mã: {codes}",
        "the agency's name in {field} stands for several codes: {codes}",
        *REGISTER,
    ),
}
