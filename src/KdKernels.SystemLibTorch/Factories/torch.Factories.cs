namespace TorchSharp;

public static partial class torch
{
    /// <summary>
    /// Numbers from <paramref name="start"/>, below <paramref name="stop"/>; Int64 if all three are integers.
    /// </summary>
    public static Tensor arange(
        Scalar start, Scalar stop, Scalar step, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false)
    {
        bool integral = is_integral(start.Type) && is_integral(stop.Type) && is_integral(step.Type);
        ScalarType type = dtype ?? (integral ? ScalarType.Int64 : DefaultType);
        return Finished(
            Aten.arange_start_step.Call(start, stop, step, type, Arg.None, InitializeDevice(device), Arg.None),
            requires_grad);
    }

    public static Tensor arange(
        Scalar start, Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        arange(start, stop, 1, dtype, device, requires_grad);

    public static Tensor arange(Scalar stop, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false) =>
        arange(0, stop, 1, dtype, device, requires_grad);

    public static Tensor linspace(
        double start, double end, long steps, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false) =>
        Finished(
            Aten.linspace.Call(start, end, steps, dtype ?? DefaultType, Arg.None, InitializeDevice(device), Arg.None),
            requires_grad);

    /// <summary>Ones on the diagonal; square when <paramref name="columns"/> is −1.</summary>
    public static Tensor eye(
        long rows, long columns = -1, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
    {
        RefuseNames(names);
        long width = columns == -1 ? rows : columns;
        return Finished(
            Aten.eye_m.Call(rows, width, dtype ?? DefaultType, Arg.None, InitializeDevice(device), Arg.None),
            requires_grad);
    }

    /// <summary>Integers in [<paramref name="low"/>, <paramref name="high"/>), Int64 unless told otherwise.</summary>
    public static Tensor randint(
        long low, long high, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        Generator? generator = null, string[]? names = null)
    {
        RefuseNames(names);
        return Finished(
            Aten.randint_low_generator.Call(
                low, high, size, generator, dtype ?? ScalarType.Int64, Arg.None, InitializeDevice(device), Arg.None),
            requires_grad);
    }

    public static Tensor randint(
        long high, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        Generator? generator = null, string[]? names = null) =>
        randint(0, high, size, dtype, device, requires_grad, generator, names);

    /// <summary>The integers below <paramref name="n"/> in random order, Int64 unless told otherwise.</summary>
    public static Tensor randperm(
        long n, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        Generator? generator = null) =>
        Finished(
            Aten.randperm_generator.Call(
                n, generator, dtype ?? ScalarType.Int64, Arg.None, InitializeDevice(device), Arg.None),
            requires_grad);

    public static Tensor normal(
        double mean, double std, ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Finished(Shaped(Aten.empty_memory_format, size, dtype, device, false, names).normal_(mean, std, generator),
            requires_grad);

    /// <summary>
    /// On the array's own memory when element type and device allow it: what is written to one shows in the other.
    /// </summary>
    public static Tensor from_array(Array rawArray, Device? device = null) => from_array(rawArray, null, device ?? CPU);

    public static Tensor from_array(
        Array rawArray, ScalarType? dtype, Device? device = null, bool requires_grad = false, string[]? names = null)
    {
        RefuseNames(names);
        return OnArray(rawArray, Lengths(rawArray), 0, ElementType(rawArray), dtype, device, requires_grad);
    }

    public static Tensor as_tensor(Array data, ScalarType? dtype = null, Device? device = null) =>
        from_array(data, dtype, device);

    /// <summary>The tensor itself, as another reference, or a conversion of it.</summary>
    public static Tensor as_tensor(Tensor data, ScalarType? dtype = null, Device? device = null)
    {
        ScalarType type = dtype ?? data.dtype;
        return device is null ? data.to(type) : data.to(type, device);
    }

    /// <summary>A one-dimensional tensor on part of an array's memory.</summary>
    /// <param name="rawArray">
    /// The array; its element type need not be <paramref name="dtype"/>, which converts and copies.
    /// </param>
    /// <param name="dtype">The tensor's element type.</param>
    /// <param name="count">Elements of the array; −1 for all after the offset.</param>
    /// <param name="offset">The first element.</param>
    /// <param name="requires_grad">Whether to record what is done with it.</param>
    public static Tensor frombuffer(Array rawArray, ScalarType dtype, long count = -1, long offset = 0,
        bool requires_grad = false)
    {
        long length = rawArray.LongLength;
        if (offset < 0 || offset >= length)
            throw new ArgumentException($"expected an offset below {length} but got {offset}.", nameof(offset));
        if (count < 0) count = length - offset;
        if (count > length - offset)
            throw new IndexOutOfRangeException($"expected at most {length - offset} elements but got {count}.");
        ScalarType type = ElementType(rawArray);
        return OnArray(rawArray, [count], offset * type.ElementSize(), type, dtype, CPU, requires_grad);
    }

    private static ScalarType ElementType(Array array) => ToScalarType(array.GetType().GetElementType()!);

    public static Tensor zeros_like(
        Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        Like(Aten.zeros_like, input, dtype, device, requires_grad, names);

    public static Tensor ones_like(
        Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        Like(Aten.ones_like, input, dtype, device, requires_grad, names);

    public static Tensor empty_like(
        Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        Like(Aten.empty_like, input, dtype, device, requires_grad, names);

    public static Tensor rand_like(Tensor input, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false) =>
        Like(Aten.rand_like, input, dtype, device, requires_grad, null);

    public static Tensor randn_like(Tensor input, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false) =>
        Like(Aten.randn_like, input, dtype, device, requires_grad, null);

    public static Tensor full_like(
        Tensor input, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
    {
        RefuseNames(names);
        return Finished(Aten.full_like.Call(input, value, dtype, Arg.None, device), requires_grad);
    }

    private static Tensor Like(
        AtenOp op, Tensor input, ScalarType? dtype, Device? device, bool requires_grad, string[]? names)
    {
        RefuseNames(names);
        return Finished(op.Call(input, dtype, Arg.None, device), requires_grad);
    }

    public partial class Tensor
    {
        public Tensor zeros_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
            torch.zeros_like(this, dtype, device, requires_grad);

        public Tensor ones_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
            torch.ones_like(this, dtype, device, requires_grad);

        public Tensor empty_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
            torch.empty_like(this, dtype, device, requires_grad);

        public Tensor rand_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
            torch.rand_like(this, dtype, device, requires_grad);

        public Tensor randn_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
            torch.randn_like(this, dtype, device, requires_grad);

        public Tensor full_like(Scalar value, ScalarType? dtype = null, Device? device = null,
            bool requires_grad = false) =>
            torch.full_like(this, value, dtype, device, requires_grad);

        public Tensor new_zeros(long[] size, ScalarType? dtype = null, Device? device = null,
            bool requires_grad = false) =>
            zeros(size, dtype ?? this.dtype, device ?? this.device, requires_grad);

        public Tensor new_empty(long[] size, ScalarType? dtype = null, Device? device = null,
            bool requires_grad = false) =>
            empty(size, dtype ?? this.dtype, device ?? this.device, requires_grad);

        public Tensor new_full(
            long[] size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
            full(size, value, dtype ?? this.dtype, device ?? this.device, requires_grad);
    }
}
