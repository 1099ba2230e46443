#pragma once

// What folds of clients and folds of work share: who holds how much, and what that means for an open handover.

#include <string>

#include "projections/book/book.h"

namespace kefu::book {

// `staff_id` holds one more, or one less, of `kind` (WorkKind or kClientKind). Empty: nobody, nothing happens. Who leaves
// and holds nothing any more has no orders left to carry out.
void Gain(const std::string& staff_id, int32_t kind, BookView::Rows& view);
void Lose(const std::string& staff_id, int32_t kind, BookView::Rows& view);

// The open handover of a member of staff; empty: none.
std::string OpenHandoverOf(const std::string& staff_id, BookView::Rows& view);
bool IsOpen(const std::string& handover_id, BookView::Rows& view);

// Something passed on under an open handover: its entry in the checklist, counted.
HandoverItem& Moved(const std::string& handover_id, const sdk::RecordedEvent& record, int32_t kind,
                    const std::string& work_id, const std::string& to_staff_id, BookView::Rows& view);

// The orders of a handover are done with.
void DropOrders(const std::string& handover_id, BookView::Rows& view);

}  // namespace kefu::book
