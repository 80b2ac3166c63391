namespace KdKernels.Reference;

/// <summary>
/// The definition of NoiseProbe in double: every image x in <c>samples</c> noisy copies, <c>y = x + σ[cell]·ε</c>,
/// where the channels share the σ of a cell, a pixel's cell is (⌊row·cellRows/height⌋, ⌊column·cellColumns/width⌋), and
/// ε is a function of the sample's number and the element's index in its sample.
/// </summary>
public static class NoiseProbeOracle
{
    /// <summary>Computes the copies and both gradients.</summary>
    /// <param name="input">[images or 1, channels, height, width].</param>
    /// <param name="sigma">[images or 1, cellRows, cellColumns].</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="noise">ε of (sample, element); samples count from the shape's first one.</param>
    /// <param name="upstream">Gradient of the copies, in their shape; null means ones.</param>
    public static NoiseProbeOracleResult Compute(
        double[] input,
        double[] sigma,
        NoiseProbeShape shape,
        Func<long, long, double> noise,
        double[]? upstream = null)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(sigma);
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(noise);
        int elements = shape.Channels * shape.Height * shape.Width, cells = shape.CellRows * shape.CellColumns;
        int images = Math.Max(shape.Inputs, shape.Sigmas), copies = images * shape.Samples;
        var output = new double[copies * elements];
        var inputGradient = new double[input.Length];
        var sigmaGradient = new double[sigma.Length];
        for (int copy = 0; copy < copies; copy++)
        {
            int image = copy / shape.Samples;
            for (int element = 0; element < elements; element++)
            {
                int row = element / shape.Width % shape.Height, column = element % shape.Width;
                int cell = (row * shape.CellRows / shape.Height * shape.CellColumns)
                    + (column * shape.CellColumns / shape.Width);
                int x = (shape.Inputs == 1 ? 0 : image * elements) + element;
                int s = (shape.Sigmas == 1 ? 0 : image * cells) + cell;
                int y = (copy * elements) + element;
                double epsilon = noise(shape.FirstSample + copy, element);
                double g = upstream is null ? 1 : upstream[y];
                output[y] = input[x] + (sigma[s] * epsilon);
                inputGradient[x] += g;
                sigmaGradient[s] += g * epsilon;
            }
        }

        return new NoiseProbeOracleResult(output, inputGradient, sigmaGradient);
    }
}
