using System.Text.Json;
using System.Text.Json.Serialization;

namespace KdKernels.Core;

/// <summary>The generated <c>kernels/ptx/manifest.json</c>: every kernel that was compiled ahead of time.</summary>
internal sealed record PtxManifest(int Format, string Compiler, string? Assembler, IReadOnlyList<PtxStem> Stems)
{
    /// <summary>The layout of the file that this code reads.</summary>
    public const int KnownFormat = 1;

    /// <exception cref="InvalidDataException">The text is no manifest of this format.</exception>
    public static PtxManifest Parse(ReadOnlySpan<byte> json)
    {
        PtxManifest? manifest;
        try
        {
            manifest = JsonSerializer.Deserialize(json, PtxManifestJson.Default.PtxManifest);
        }
        catch (JsonException broken)
        {
            throw new InvalidDataException($"the kernel manifest is broken: {broken.Message}", broken);
        }

        if (manifest is null || manifest.Format != KnownFormat)
        {
            throw new InvalidDataException(
                $"expected a kernel manifest of format {KnownFormat} but got {manifest?.Format}");
        }

        return manifest;
    }
}

/// <summary>The kernels of one op.</summary>
/// <param name="Stem">The op's name.</param>
/// <param name="Sources">Hash of the sources that they were compiled from.</param>
/// <param name="Kernels">All variants.</param>
internal sealed record PtxStem(string Stem, string Sources, IReadOnlyList<PtxKernel> Kernels);

/// <summary>One PTX file with one kernel.</summary>
/// <param name="Name">The variant, for example <c>float32-warp-4</c>.</param>
/// <param name="Kind">What it can be given: one of <see cref="KernelKind"/>, or a word of the op's own launcher.</param>
/// <param name="ElementType">Of the logits.</param>
/// <param name="File">Path under kernels/ptx.</param>
/// <param name="Sha256">Of the file, in hexadecimal.</param>
/// <param name="Entry">Name of the entry point.</param>
/// <param name="Target">Least architecture, for example <c>sm_75</c>.</param>
/// <param name="Threads">Threads of a block.</param>
/// <param name="MaxClasses">Longest row that it can do; 0: any.</param>
/// <param name="SharedBytes">Static shared memory of a block.</param>
/// <param name="Parameters">The one struct that it takes.</param>
/// <param name="Ptxas">What ptxas reported, by architecture; null where it was not at hand.</param>
internal sealed record PtxKernel(
    string Name,
    string Kind,
    KdElementType ElementType,
    string File,
    string Sha256,
    string Entry,
    string Target,
    int Threads,
    int MaxClasses,
    int SharedBytes,
    IReadOnlyList<PtxParameter> Parameters,
    IReadOnlyDictionary<string, PtxasReport>? Ptxas);

/// <summary>A struct that a kernel takes.</summary>
internal sealed record PtxParameter(string Type, int Bytes, IReadOnlyList<PtxField> Fields);

/// <summary>One field of it.</summary>
internal sealed record PtxField(string Name, int Offset, int Bytes);

/// <summary>What ptxas made of a kernel: registers, memory that spills would need, and instructions by class.</summary>
internal sealed record PtxasReport(
    int Registers,
    int StackBytes,
    int SpillBytes,
    int Instructions,
    int Ldg128,
    int Stg128,
    int Mufu,
    int Shfl,
    int Bar,
    int Ldl,
    int Stl,
    int Call,
    int F64);

/// <summary>Reading code for the manifest, generated when this is compiled.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = false)]
[JsonSerializable(typeof(PtxManifest))]
internal sealed partial class PtxManifestJson : JsonSerializerContext;
