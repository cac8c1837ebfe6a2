package types

// OptNull is a member that may be absent, null or a value: the zero OptNull is absent.
type OptNull[T any] struct {
	present bool
	value   *T
}

// Some is a present value.
func Some[T any](value T) OptNull[T] { return OptNull[T]{present: true, value: &value} }

// SomeNull is a present null.
func SomeNull[T any]() OptNull[T] { return OptNull[T]{present: true} }

// IsAbsent says that the member is not there.
func (o OptNull[T]) IsAbsent() bool { return !o.present }

// IsZero says that the member is not there, for encoding/json's omitzero.
func (o OptNull[T]) IsZero() bool { return !o.present }

// IsNull says that the member is there and null.
func (o OptNull[T]) IsNull() bool { return o.present && o.value == nil }

// Get is the value, and whether there is one.
func (o OptNull[T]) Get() (T, bool) {
	if o.value == nil {
		var none T
		return none, false
	}
	return *o.value, true
}

// Or is the value, or another where there is none.
func (o OptNull[T]) Or(other T) T {
	if o.value == nil {
		return other
	}
	return *o.value
}

// Ptr is a pointer to a value, for optional members: Ptr("x").
func Ptr[T any](value T) *T { return &value }
