#include "services/cli/demo/matters.h"

#include <array>

namespace kefu::cli {

namespace {

constexpr std::array<Weighted<Matter>, 11> kComplaints = {
    {{20, {"fees", "commission", "手續費與約定不符", "開戶時說好萬分之六，這個月卻照千分之一點四收。", "brokerage"}},
     {14, {"trading", "order_not_executed", "委託未成交", "九點零五分掛的限價單，成交價到了還是沒成交，沒有人告訴我原因。", "brokerage"}},
     {10, {"trading", "system_outage", "App 無法下單", "開盤半小時 App 一直轉圈，錯過賣點。", "mobile-app"}},
     {12, {"service", "no_callback", "Nobody called back", "I was promised a call on Monday. It is Thursday now.", ""}},
     {10, {"statement", "wrong_amount", "對帳單金額錯誤", "對帳單上的股數比我自己記的少兩張。", ""}},
     {8, {"advice", "unsuitable_product", "推荐的产品不适合", "我说过只要保本的，客户经理还是推荐了结构性产品，现在亏了一成。", "structured-note"}},
     {6, {"advice", "risk_not_explained", "Risk was not explained", "Nobody said the fund could be closed for redemption.", "fund-balanced"}},
     {5, {"transfer", "late_payment", "出金延遲", "申請出金第三天了還沒入帳，房貸要扣款。", ""}},
     {4, {"transfer", "account_transfer", "转户拖延", "要求撤销指定交易已经一周，营业部一直说系统忙。", ""}},
     {3, {"fees", "margin_interest", "Margin interest was charged twice", "Interest of September is on both statements.", "margin-line"}},
     {2, {"service", "attitude", "服務態度", "臨櫃人員邊滑手機邊回答，要我自己看網頁。", ""}}}};

constexpr std::array<Weighted<Matter>, 9> kRequests = {
    {{20, {"account", "change_address", "變更通訊地址", "搬家了，請改寄新地址。", ""}},
     {18, {"statement", "copy", "補寄對帳單", "請補寄去年十二月的對帳單。", ""}},
     {14, {"account", "reset_password", "重設密碼", "密碼輸入錯誤被鎖住。", "mobile-app"}},
     {12, {"trading", "raise_limit", "提高交易額度", "單日額度不夠用，想提高。", "brokerage"}},
     {10, {"transfer", "securities_transfer", "匯撥股票", "股票要匯撥到另一個帳戶。", ""}},
     {8, {"margin", "open_margin_account", "開立信用帳戶", "想申請融資融券。", "margin-line"}},
     {6, {"account", "add_authorised_person", "Add an authorised person", "Our new treasurer should be able to trade.", ""}},
     {5, {"transfer_out", "close_and_transfer", "转户申请", "申请撤销指定交易，转到其他证券公司。", ""}},
     {4, {"tax", "dividend_certificate", "股利憑單", "報稅要用股利憑單。", ""}}}};

}  // namespace

Matter DrawComplaint(DemoRandom& random) { return Draw(random, kComplaints); }
Matter DrawRequest(DemoRandom& random) { return Draw(random, kRequests); }
Matter OutageMatter() {
  return {"trading", "system_outage", "全日無法下單", "整個上午網路下單全部失敗，電話也打不進去，損失要你們負責。", "mobile-app"};
}

}  // namespace kefu::cli
