using System.Runtime.CompilerServices;

namespace TorchSharp;

/// <summary>One argument of an operator. Everything that a schema can ask for converts to it implicitly.</summary>
internal readonly struct Arg
{
    internal readonly object? Reference;
    internal readonly long Bits;
    internal readonly ArgTag Tag;

    private Arg(ArgTag tag, long bits, object? reference = null)
    {
        Tag = tag;
        Bits = bits;
        Reference = reference;
    }

    /// <summary>torch's None: an absent optional tensor, dtype, dimension list...</summary>
    internal static Arg None => default;

    public static implicit operator Arg(torch.Tensor? value) => value is null ? default : new(ArgTag.Tensor, 0, value);
    public static implicit operator Arg(long value) => new(ArgTag.Int, value);
    public static implicit operator Arg(int value) => new(ArgTag.Int, value);
    public static implicit operator Arg(double value) => new(ArgTag.Double, BitConverter.DoubleToInt64Bits(value));
    public static implicit operator Arg(float value) => (double)value;
    public static implicit operator Arg(bool value) => new(ArgTag.Bool, value ? 1 : 0);
    public static implicit operator Arg(long? value) => value is { } v ? v : default(Arg);
    public static implicit operator Arg(double? value) => value is { } v ? v : default(Arg);
    public static implicit operator Arg(bool? value) => value is { } v ? v : default(Arg);
    public static implicit operator Arg(string? value) => value is null ? default : new(ArgTag.String, 0, value);
    public static implicit operator Arg(long[]? value) => value is null ? default : new(ArgTag.IntList, 0, value);
    public static implicit operator Arg(ReadOnlySpan<long> value) => value.ToArray();
    public static implicit operator Arg(double[]? value) => value is null ? default : new(ArgTag.DoubleList, 0, value);
    public static implicit operator Arg(bool[]? value) => value is null ? default : new(ArgTag.BoolList, 0, value);
    public static implicit operator Arg(torch.Tensor?[]? value) =>
        value is null ? default : new(ArgTag.TensorList, 0, value);
    public static implicit operator Arg(List<torch.Tensor>? value) =>
        value is null ? default : new(ArgTag.TensorList, 0, value.ToArray());
    public static implicit operator Arg(torch.ScalarType value) => new(ArgTag.Int, (long)value);
    public static implicit operator Arg(torch.ScalarType? value) => value is { } v ? v : default(Arg);
    public static implicit operator Arg(torch.Device? value) =>
        value is null ? default : new(ArgTag.Device, value.NativeCode);
    public static implicit operator Arg(torch.Generator? value) =>
        value is null ? default : new(ArgTag.Generator, 0, value);
    public static implicit operator Arg(Scalar? value) => value is null ? default : value.ToArg();

    /// <summary>How many bytes of scratch memory <see cref="Write"/> needs for it.</summary>
    internal int ScratchBytes => Tag switch
    {
        ArgTag.IntList => ((long[])Reference!).Length * sizeof(long),
        ArgTag.DoubleList => ((double[])Reference!).Length * sizeof(double),
        ArgTag.BoolList => (((bool[])Reference!).Length + 7) & ~7,
        ArgTag.TensorList => ((torch.Tensor?[])Reference!).Length * sizeof(long),
        ArgTag.String => (System.Text.Encoding.UTF8.GetByteCount((string)Reference!) + 7) & ~7,
        _ => 0,
    };

    /// <summary>
    /// Writes the native form, with lists copied to <paramref name="scratch"/>, and returns the scratch left.
    /// </summary>
    internal unsafe byte* Write(NativeValue* target, byte* scratch)
    {
        target->Tag = Tag;
        target->Int = Bits;
        switch (Tag)
        {
            case ArgTag.Tensor:
                target->Int = Unsafe.As<torch.Tensor>(Reference!).Handle;
                return scratch;
            case ArgTag.Generator:
                target->Int = ((torch.Generator)Reference!).Handle;
                return scratch;
            case ArgTag.IntList:
                return WriteList(target, scratch, (long[])Reference!);
            case ArgTag.DoubleList:
                return WriteList(target, scratch, (double[])Reference!);
            case ArgTag.BoolList:
                return WriteList(target, scratch, (bool[])Reference!);
            case ArgTag.TensorList:
                return WriteTensors(target, scratch, (torch.Tensor?[])Reference!);
            case ArgTag.String:
                return WriteText(target, scratch, (string)Reference!);
            default:
                return scratch;
        }
    }

    private static unsafe byte* WriteList<T>(NativeValue* target, byte* scratch, T[] list) where T : unmanaged
    {
        list.AsSpan().CopyTo(new Span<T>(scratch, list.Length));
        target->Pointer = scratch;
        target->Length = list.Length;
        return scratch + ((list.Length * sizeof(T) + 7) & ~7);
    }

    private static unsafe byte* WriteTensors(NativeValue* target, byte* scratch, torch.Tensor?[] list)
    {
        var handles = (nint*)scratch;
        for (int i = 0; i < list.Length; i++) handles[i] = list[i] is { } tensor ? tensor.Handle : 0;
        target->Pointer = scratch;
        target->Length = list.Length;
        return (byte*)(handles + list.Length);
    }

    private static unsafe byte* WriteText(NativeValue* target, byte* scratch, string text)
    {
        int bytes = System.Text.Encoding.UTF8.GetByteCount(text);
        _ = System.Text.Encoding.UTF8.GetBytes(text, new Span<byte>(scratch, bytes));
        target->Pointer = scratch;
        target->Length = bytes;
        return scratch + ((bytes + 7) & ~7);
    }
}
