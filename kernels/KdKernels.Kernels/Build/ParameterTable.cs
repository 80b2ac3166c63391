using System.Reflection;
using ILGPU;
using KdKernels.Kernels.Compiler;
using KdKernels.Kernels.Manifest;

namespace KdKernels.Kernels.Build;

/// <summary>The layout of a kernel's argument struct, as ILGPU and C lay it out.</summary>
internal static class ParameterTable
{
    /// <summary>Reads it from the kernel's signature and holds it against the generated text.</summary>
    /// <exception cref="InvalidDataException">ILGPU's parameter has another size.</exception>
    public static ParameterEntry Of(KernelVariant variant, string ptx)
    {
        ParameterInfo[] parameters = variant.Method.GetParameters();
        if (parameters.Length != 1)
            throw new InvalidDataException(
                $"{variant.Stem}/{variant.Name}: expected one struct parameter but got {parameters.Length} parameters");
        Type type = parameters[0].ParameterType;
        var fields = new List<FieldEntry>();
        int bytes = Layout(type, fields).Bytes;
        if (bytes != PtxText.ParameterBytes(ptx))
        {
            throw new InvalidDataException(
                $"{variant.Stem}/{variant.Name}: expected {bytes} bytes of arguments "
                + $"but ILGPU made {PtxText.ParameterBytes(ptx)}");
        }

        return new ParameterEntry(type.Name.Split('`')[0], bytes, fields);
    }

    private static (int Bytes, int Alignment) Layout(Type type, List<FieldEntry>? fields)
    {
        if (Primitive(type) is { } size) return (size, size);

        // An address and a length in elements.
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ArrayView<>)) return (16, 8);
        int end = 0, widest = 1;
        foreach (FieldInfo field in InOrder(type))
        {
            (int bytes, int alignment) = Layout(field.FieldType, null);
            int offset = RoundUp(end, alignment);
            fields?.Add(new FieldEntry(field.Name, offset, bytes));
            end = offset + bytes;
            widest = Math.Max(widest, alignment);
        }

        return (RoundUp(end, widest), widest);
    }

    private static IOrderedEnumerable<FieldInfo> InOrder(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .OrderBy(field => field.MetadataToken);

    private static int? Primitive(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Byte or TypeCode.SByte => 1,
        TypeCode.Int16 or TypeCode.UInt16 => 2,
        TypeCode.Int32 or TypeCode.UInt32 or TypeCode.Single => 4,
        TypeCode.Int64 or TypeCode.UInt64 or TypeCode.Double => 8,
        _ => null,
    };

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;
}
