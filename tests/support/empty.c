/* Keeps the support library from being empty. */
typedef int kith_test_support_is_not_empty;
