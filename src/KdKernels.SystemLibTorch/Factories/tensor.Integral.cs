namespace TorchSharp;

public static partial class torch
{
    public static Tensor tensor(
        IList<long> rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), dimensions, ScalarType.Int64, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<long> rawArray, long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null,
        Device? device = null, bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), [dim0, dim1, dim2, dim3], ScalarType.Int64, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<long> rawArray, long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), [dim0, dim1, dim2], ScalarType.Int64, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<long> rawArray, long rows, long columns, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), [rows, columns], ScalarType.Int64, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<long> rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(Elements(rawArray), [rawArray.Count], ScalarType.Int64, dtype, device, requires_grad, names);
    public static Tensor tensor(
        long scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        FromScalar(scalar, ScalarType.Int64, dtype, device, requires_grad);
    public static Tensor tensor(
        long[,,,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Int64, dtype, device, requires_grad, names);
    public static Tensor tensor(
        long[,,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Int64, dtype, device, requires_grad, names);
    public static Tensor tensor(
        long[,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Int64, dtype, device, requires_grad, names);
    public static Tensor tensor(
        long[] dataArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(dataArray, dimensions, ScalarType.Int64, dtype, device, requires_grad, names);
    public static Tensor tensor(
        long[] dataArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(dataArray, Lengths(dataArray), ScalarType.Int64, dtype, device, requires_grad, names);

    public static Tensor tensor(
        IList<int> rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), dimensions, ScalarType.Int32, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<int> rawArray, long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), [dim0, dim1, dim2], ScalarType.Int32, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<int> rawArray, long rows, long columns, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), [rows, columns], ScalarType.Int32, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<int> rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(Elements(rawArray), [rawArray.Count], ScalarType.Int32, dtype, device, requires_grad, names);
    public static Tensor tensor(int scalar, Device? device = null, bool requires_grad = false) =>
        FromScalar(scalar, ScalarType.Int32, null, device, requires_grad);
    public static Tensor tensor(
        int[,,,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Int32, dtype, device, requires_grad, names);
    public static Tensor tensor(
        int[,,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Int32, dtype, device, requires_grad, names);
    public static Tensor tensor(
        int[,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Int32, dtype, device, requires_grad, names);
    public static Tensor tensor(
        int[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(rawArray, dimensions, ScalarType.Int32, dtype, device, requires_grad, names);
    public static Tensor tensor(
        int[] rawArray, long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(rawArray, [dim0, dim1, dim2, dim3], ScalarType.Int32, dtype, device, requires_grad, names);
    public static Tensor tensor(
        int[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Int32, dtype, device, requires_grad, names);

    public static Tensor tensor(
        IList<short> rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), dimensions, ScalarType.Int16, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<short> rawArray, long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null,
        Device? device = null, bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), [dim0, dim1, dim2, dim3], ScalarType.Int16, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<short> rawArray, long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), [dim0, dim1, dim2], ScalarType.Int16, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<short> rawArray, long rows, long columns, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(Elements(rawArray), [rows, columns], ScalarType.Int16, dtype, device, requires_grad, names);
    public static Tensor tensor(
        IList<short> rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(Elements(rawArray), [rawArray.Count], ScalarType.Int16, dtype, device, requires_grad, names);
    public static Tensor tensor(short scalar, Device? device = null, bool requires_grad = false) =>
        FromScalar(scalar, ScalarType.Int16, null, device, requires_grad);
    public static Tensor tensor(
        short[,,,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Int16, dtype, device, requires_grad, names);
    public static Tensor tensor(
        short[,,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Int16, dtype, device, requires_grad, names);
    public static Tensor tensor(
        short[,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Int16, dtype, device, requires_grad, names);
    public static Tensor tensor(
        short[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null) =>
        FromArray(rawArray, dimensions, ScalarType.Int16, dtype, device, requires_grad, names);
    public static Tensor tensor(
        short[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null) =>
        FromArray(rawArray, Lengths(rawArray), ScalarType.Int16, dtype, device, requires_grad, names);
}
