using KdKernels.Core;
using KdKernels.PtxEmulator;

namespace KdKernels.PtxVerify.Cases;

/// <summary>
/// A tensor in the emulator's memory. What lies between its elements was never written, so that reading it is an error
/// and writing it is seen.
/// </summary>
internal sealed class DeviceTensor : IDisposable
{
    private readonly DeviceMemory memory;
    private readonly Placement placement;
    private readonly KdElementType type;
    private readonly (int Outer, int Inner, int Length) shape;
    private readonly int size;

    private DeviceTensor(
        DeviceMemory memory,
        string name,
        KdElementType type,
        (int Outer, int Inner, int Length) shape,
        Placement placement)
    {
        this.memory = memory;
        this.type = type;
        this.shape = shape;
        this.placement = placement;
        size = Narrow.Size(type);
        Buffer = memory.Allocate(placement.Length * size, name);
    }

    public DeviceBuffer Buffer { get; }

    public RowsView View => new(
        checked((nint)(Buffer.Address + (ulong)(placement.Offset * size))),
        type,
        shape.Outer,
        shape.Inner,
        shape.Length,
        placement.OuterStride,
        placement.InnerStride,
        placement.ElementStride)
    {
        Device = KdDevice.Cuda(0),
    };

    /// <summary>Bytes of the elements, each counted once.</summary>
    public long Bytes => placement.OuterStride == 0 && placement.InnerStride == 0 && shape.Outer * shape.Inner > 1
        ? (long)shape.Length * size
        : (long)shape.Outer * shape.Inner * shape.Length * size;

    public static DeviceTensor Output(
        DeviceMemory memory,
        string name,
        KdElementType type,
        int outer,
        int inner,
        int length,
        Placement? placement = null) =>
        new(memory, name, type, (outer, inner, length), placement ?? Placement.Contiguous(outer, inner, length));

    public static DeviceTensor Input(
        DeviceMemory memory,
        string name,
        KdElementType type,
        int outer,
        int inner,
        int length,
        double[] values,
        Placement? placement = null)
    {
        DeviceTensor tensor = Output(memory, name, type, outer, inner, length, placement);
        tensor.Fill(values);
        return tensor;
    }

    public double[] Read()
    {
        var values = new double[shape.Outer * shape.Inner * shape.Length];
        ReadOnlySpan<byte> bytes = Buffer.Bytes;
        int i = 0;
        foreach (long index in Indices()) values[i++] = Narrow.Decode(type, bytes[(int)(index * size)..]);
        return values;
    }

    /// <summary>What is wrong with what was written: an element missing, or something beside the elements.</summary>
    public string? WriteFault()
    {
        var isElement = new bool[placement.Length];
        foreach (long index in Indices()) isElement[index] = true;
        for (long index = 0; index < isElement.LongLength; index++)
        {
            if (Buffer.IsInitialised(index * size, size) == isElement[index]) continue;
            return isElement[index]
                ? $"{Buffer.Name}: element {index} of the buffer was not written"
                : $"{Buffer.Name}: element {index} of the buffer was written, which belongs to no row";
        }

        return null;
    }

    public byte[] Bits()
    {
        using var bits = new MemoryStream();
        byte[] bytes = Buffer.Bytes.ToArray();
        foreach (long index in Indices()) bits.Write(bytes, (int)(index * size), size);
        return bits.ToArray();
    }

    public void Dispose() => memory.Free(Buffer);

    private void Fill(double[] values)
    {
        var element = new byte[8];
        int i = 0;
        if (placement.ElementStride == 1)
        {
            var row = new byte[shape.Length * size];
            for (int o = 0; o < shape.Outer; o++)
            {
                for (int n = 0; n < shape.Inner; n++)
                {
                    for (int c = 0; c < shape.Length; c++) Narrow.Encode(values[i++], type, row.AsSpan(c * size));
                    Buffer.Write<byte>(row, placement.Index(o, n, 0) * size);
                }
            }

            return;
        }

        foreach (long index in Indices())
        {
            Narrow.Encode(values[i++], type, element);
            Buffer.Write<byte>(element.AsSpan(0, size), index * size);
        }
    }

    private IEnumerable<long> Indices()
    {
        for (int o = 0; o < shape.Outer; o++)
            for (int n = 0; n < shape.Inner; n++)
                for (int c = 0; c < shape.Length; c++)
                    yield return placement.Index(o, n, c);
    }
}
