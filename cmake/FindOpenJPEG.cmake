# Debian's package lists programs of other packages that are not there, and says so at length.
include(FindPackageHandleStandardArgs)
set(whorl_log_level ${CMAKE_MESSAGE_LOG_LEVEL})
set(CMAKE_MESSAGE_LOG_LEVEL WARNING)
find_package(OpenJPEG CONFIG QUIET)
set(CMAKE_MESSAGE_LOG_LEVEL ${whorl_log_level})
find_package_handle_standard_args(OpenJPEG CONFIG_MODE)
