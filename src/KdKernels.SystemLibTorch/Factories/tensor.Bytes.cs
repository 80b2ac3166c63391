namespace TorchSharp;

public static partial class torch
{
    public static Tensor tensor(
        IList<byte> rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), dimensions, ScalarType.Byte, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<byte> rawArray, long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null,
        Device? device = null, bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), [dim0, dim1, dim2, dim3], ScalarType.Byte, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<byte> rawArray, long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), [dim0, dim1, dim2], ScalarType.Byte, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<byte> rawArray, long rows, long columns, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), [rows, columns], ScalarType.Byte, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<byte> rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(Elements(rawArray), [rawArray.Count], ScalarType.Byte, dtype, device, requires_grad, names);
    public static Tensor tensor(byte scalar, Device? device = null, bool requires_grad = false) =>
        FromScalar(scalar, ScalarType.Byte, null, device, requires_grad);
    public static Tensor tensor(
        byte[,,,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Byte, dtype, device, requires_grad, names);
    public static Tensor tensor(
        byte[,,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Byte, dtype, device, requires_grad, names);
    public static Tensor tensor(
        byte[,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Byte, dtype, device, requires_grad, names);
    public static Tensor tensor(
        byte[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(rawArray, dimensions, ScalarType.Byte, dtype, device, requires_grad, names);
    public static Tensor tensor(
        byte[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Byte, dtype, device, requires_grad, names);

    public static Tensor tensor(
        IList<sbyte> rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), dimensions, ScalarType.Int8, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<sbyte> rawArray, long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null,
        Device? device = null, bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), [dim0, dim1, dim2, dim3], ScalarType.Int8, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<sbyte> rawArray, long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), [dim0, dim1, dim2], ScalarType.Int8, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<sbyte> rawArray, long rows, long columns, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), [rows, columns], ScalarType.Int8, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<sbyte> rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(Elements(rawArray), [rawArray.Count], ScalarType.Int8, dtype, device, requires_grad, names);
    public static Tensor tensor(sbyte scalar, Device? device = null, bool requires_grad = false) =>
        FromScalar(scalar, ScalarType.Int8, null, device, requires_grad);
    public static Tensor tensor(
        sbyte[,,,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Int8, dtype, device, requires_grad, names);
    public static Tensor tensor(
        sbyte[,,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Int8, dtype, device, requires_grad, names);
    public static Tensor tensor(
        sbyte[,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Int8, dtype, device, requires_grad, names);
    public static Tensor tensor(
        sbyte[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(rawArray, dimensions, ScalarType.Int8, dtype, device, requires_grad, names);
    public static Tensor tensor(
        sbyte[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Int8, dtype, device, requires_grad, names);

    public static Tensor tensor(
        IList<bool> rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), dimensions, ScalarType.Bool, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<bool> rawArray, long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null,
        Device? device = null, bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), [dim0, dim1, dim2, dim3], ScalarType.Bool, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<bool> rawArray, long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), [dim0, dim1, dim2], ScalarType.Bool, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<bool> rawArray, long rows, long columns, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), [rows, columns], ScalarType.Bool, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<bool> rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(Elements(rawArray), [rawArray.Count], ScalarType.Bool, dtype, device, requires_grad, names);
    public static Tensor tensor(
        bool scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        FromScalar(scalar, ScalarType.Bool, dtype, device, requires_grad);
    public static Tensor tensor(
        bool[,,,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Bool, dtype, device, requires_grad, names);
    public static Tensor tensor(
        bool[,,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Bool, dtype, device, requires_grad, names);
    public static Tensor tensor(
        bool[,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Bool, dtype, device, requires_grad, names);
    public static Tensor tensor(
        bool[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(rawArray, dimensions, ScalarType.Bool, dtype, device, requires_grad, names);
    public static Tensor tensor(
        bool[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Bool, dtype, device, requires_grad, names);
}
