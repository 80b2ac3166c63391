using KdKernels.Core;
using KdKernels.Reference;

namespace KdKernels.Cli.Ops;

/// <summary>Feature maps <c>[B, C, H, W]</c> and the settings that ops on them share.</summary>
internal static class OpMaps
{
    public static OpSetting Power { get; } = OpSetting.Choice("power", "p in |F|^p", "2", "1", "4");

    public static OpSetting Channels { get; } =
        OpSetting.Choice("channel-reduction", "how the channels of a pixel are combined", "sum", "mean");

    public static OpSetting Pooling { get; } =
        OpSetting.Choice("pooling", "how the larger layer is brought to the size of the smaller one", "max", "average");

    public static int PowerOf(OpCall call) => int.Parse(call.Choice(Power.Name));

    public static ChannelReduction ChannelsOf(OpCall call) =>
        call.Choice(Channels.Name) == "mean" ? ChannelReduction.Mean : ChannelReduction.Sum;

    public static FspPooling PoolingOf(OpCall call) =>
        call.Choice(Pooling.Name) == "average" ? FspPooling.Average : FspPooling.Max;

    /// <exception cref="OpException">The input has no four dimensions.</exception>
    public static OracleMaps Oracle(OpCall call, string input)
    {
        long[] shape = call.Shape(input);
        if (shape.Length != 4) throw new OpException($"expected {input} [B, C, H, W] but got [{string.Join(", ", shape)}]");
        return new OracleMaps(call.Values(input), (int)shape[0], (int)shape[1], (int)shape[2], (int)shape[3]);
    }

    /// <summary>The reduced value, or those of the samples.</summary>
    public static OracleValue Reduced(OracleReduction reduction, double[] perSample, double reduced) =>
        reduction == OracleReduction.None ? new OracleValue(perSample, perSample.Length) : OracleValue.Scalar(reduced);
}
