#include <c10/util/Exception.h>

#include "handles.h"

namespace {

thread_local std::string last_error;
thread_local std::shared_ptr<kd::ErrorObject> last_object;

}  // namespace

void kd::record_current_exception() noexcept {
    // Old text first: what its object's release runs must not see half of a new error.
    last_object.reset();
    try {
        throw;
    } catch (const kd::ManagedError& e) {
        last_error = e.what();
        last_object = e.object();
    } catch (const c10::Error& e) {
        last_error = e.what_without_backtrace();
    } catch (const std::exception& e) {
        last_error = e.what();
    } catch (...) {
        last_error = "an exception of unknown type was thrown in libtorch";
    }
}

const char* kd_last_error(void) {
    return last_error.c_str();
}

void kd_clear_error(void) {
    last_object.reset();
    last_error.clear();
}

void* kd_last_error_object(void) {
    return last_object ? last_object->handle() : nullptr;
}
